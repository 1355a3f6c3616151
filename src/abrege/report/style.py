"""The look of the page: one style sheet, light and dark, wide, narrow and on paper."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --panel: #f5f3ed; --ink: #1f1e1b; --quiet: #5f5c55; --rule: #dedad0;
  --good: #17643a; --good-paper: #e9f3ec; --unsure: #7d5200; --unsure-paper: #faf1dd;
  --bad: #a02c1c;
  --tuned: #1d5a9e; --base: #b14f08; --base-cut: #7b4896; --lead: #66645e;
  --train: #8b8880; --reference: #2c7a4d; --other: #66645e;
  --serif: Charter, "Iowan Old Style", "Palatino Linotype", P052, "Source Serif 4", Georgia, serif;
  --sans: "Helvetica Neue", "Segoe UI", Inter, Roboto, "Liberation Sans", Arial, sans-serif;
  --mono: "SF Mono", Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16181a; --panel: #1f2225; --ink: #e7e4dd; --quiet: #a6a39b; --rule: #383b3f;
    --good: #86cfa2; --good-paper: #17291e; --unsure: #e8bd6a; --unsure-paper: #2b2415;
    --bad: #f09a8a;
    --tuned: #80b5f2; --base: #f0a060; --base-cut: #cba4e4; --lead: #aeaba3;
    --train: #8d8a83; --reference: #7fc79d; --other: #aeaba3;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem;
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 var(--serif); overflow-wrap: break-word;
}
h1, h2, h3 { line-height: 1.2; font-weight: 600; text-wrap: balance; }
h1 { font-size: 2.25rem; margin: .1rem 0 1.5rem; letter-spacing: -.01em; }
h2 {
  font-size: 1.5rem; margin: 3.5rem 0 .75rem; padding-top: 1rem;
  border-top: 1px solid var(--rule);
}
h3 { font-size: 1.15rem; margin: 2.25rem 0 .25rem; }
p { margin: .5rem 0; max-width: 46rem; }
p, caption, figcaption { text-wrap: pretty; }
a { color: var(--tuned); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--tuned); outline-offset: 3px; }
code, pre { font-family: var(--mono); font-size: .82em; }
.kicker, nav, table, svg, .tag, .who, figcaption, summary, footer, .done dt {
  font-family: var(--sans);
}
.kicker { margin: 0; font-size: .85rem; color: var(--quiet); }
.quiet { color: var(--quiet); }
nav { margin: 1.5rem 0 0; font-size: .85rem; }
nav a { display: inline-block; margin: 0 1.1rem .25rem 0; padding: .2rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }

.verdict {
  margin: 0 0 1.75rem; padding: 1.1rem 1.4rem 1.2rem; border-left: .35rem solid; max-width: none;
  border-radius: 0 .35rem .35rem 0;
}
.verdict p { margin: 0; max-width: none; }
.verdict .sentence { font-size: 1.45rem; line-height: 1.35; color: var(--ink); }
.verdict .more { margin-top: .6rem; color: var(--ink); }
.verdict .tag { font-size: .85rem; font-weight: 700; margin-bottom: .3rem; }
.verdict.better { border-color: var(--good); background: var(--good-paper); color: var(--good); }
.verdict.unsure {
  border-color: var(--unsure); background: var(--unsure-paper); color: var(--unsure);
}

dl.done { display: grid; grid-template-columns: 5.5rem 1fr; gap: .45rem 1rem; margin: 0; }
.done dt { font-size: .85rem; line-height: 1.95; color: var(--quiet); }
.done dd { margin: 0; }

.scroll { overflow-x: auto; margin: 1rem 0 1.75rem; }
table {
  border-collapse: collapse; font-size: .9rem; line-height: 1.35;
  font-variant-numeric: tabular-nums;
}
table.wide { width: 100%; }
table.many :is(th, td) { padding-left: .35rem; padding-right: .35rem; }
table.many { font-size: .85rem; }
caption { text-align: left; padding: 0 0 .7rem; color: var(--quiet); font: 1rem/1.45 var(--serif); }
caption > span { display: block; max-width: 46rem; }
th, td { padding: .5rem .8rem; text-align: right; vertical-align: top; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
th.words, td.words { text-align: left; }
thead th {
  border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); font-weight: 600;
  vertical-align: bottom;
}
tbody th { font-weight: 500; white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
tbody tr.same > * { border-top-color: transparent; padding-top: .1rem; }
tbody tr.same > th { color: transparent; user-select: none; }
tbody tr:last-child > * { border-bottom: 2px solid var(--ink); }
tbody tr.total > * { border-top: 1px solid var(--ink); font-weight: 600; }
td small, th small {
  display: block; font-size: .8rem; color: var(--quiet); white-space: nowrap; font-weight: 400;
}
th small { white-space: normal; max-width: 16rem; }
td.number, .wide th, .wide td { white-space: nowrap; }
tr.tuned > * { font-weight: 700; }
tr.tuned small { font-weight: 400; }
.better { color: var(--good); } .worse { color: var(--bad); } .unsure { color: var(--unsure); }
td.better::before { content: "▲ "; }
td.worse::before { content: "▼ "; }
td.unsure::before { content: "≈ "; }

figure { margin: 1.5rem 0; }
figcaption {
  font: 1rem/1.45 var(--serif); color: var(--quiet); margin-top: .75rem; max-width: 46rem;
}
.panels {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 1.5rem 2.5rem;
}
.beside {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 0 2.5rem; align-items: start;
}
svg { display: block; width: 100%; max-width: 34rem; height: auto; overflow: visible; }
svg text { fill: currentColor; font-size: 13px; }
svg .head { font-size: 14px; font-weight: 600; }
svg .small { font-size: 12px; fill: var(--quiet); }
svg .value { font-weight: 600; font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .axis { stroke: var(--quiet); stroke-width: 1; }
svg .median { stroke: currentColor; stroke-width: 1.5; }
svg .whisker { stroke: var(--c); stroke-width: 2; }
svg .mark { fill: var(--c); stroke: var(--paper); stroke-width: 1; }
svg .bar { fill: var(--c); fill-opacity: .75; }
svg .curve { fill: none; stroke: var(--c); stroke-width: 1.25; stroke-linejoin: round; }
svg .curve.valid { stroke-width: 2; stroke-dasharray: 5 4; --c: var(--tuned); }
.tuned { --c: var(--tuned); } .base { --c: var(--base); } .base-cut { --c: var(--base-cut); }
.lead { --c: var(--lead); } .train { --c: var(--train); } .reference { --c: var(--reference); }
.other { --c: var(--other); }

article {
  margin: 1.25rem 0 2rem; padding: 1.1rem 1.3rem 1.25rem; background: var(--panel);
  border-radius: .4rem;
}
article header {
  display: grid; grid-template-columns: 1fr auto; gap: 0 1.5rem; align-items: baseline;
  font: .85rem/1.5 var(--sans);
}
article header p { margin: 0; max-width: none; }
article .meta { grid-column: 1 / -1; color: var(--quiet); }
article .meta:empty, .gain:empty { display: none; }
article h4 { margin: 0; font: 600 .9rem/1.4 var(--mono); overflow-wrap: anywhere; }
.gain { font-variant-numeric: tabular-nums; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: .15rem 0 0; max-width: none; }
.document { font-size: .95rem; line-height: 1.5; color: var(--quiet); }
.who { font-size: .8rem; font-weight: 600; margin: .95rem 0 0; max-width: none; }
.who .quiet, .who .limit { font-weight: 400; }
.limit { color: var(--unsure); }
.answers {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 0 1.75rem;
}
.answer { border-top: 3px solid var(--c); margin-top: 1rem; }
.answer .who { margin-top: .5rem; }
.answer .name { color: var(--c); }
mark { background: none; color: inherit; font-weight: 600; }
mark.order { text-decoration: underline; text-decoration-color: var(--c, currentColor); }
details { margin: .4rem 0; }
summary { cursor: pointer; font-size: .85rem; color: var(--tuned); padding: .2rem 0; }
pre {
  padding: 1rem 1.2rem; background: var(--panel); border-radius: .4rem; overflow-x: auto;
  line-height: 1.5;
}
.signatures dt { font: 600 .85rem/1.4 var(--sans); margin-top: .8rem; }
.signatures dd { margin: .15rem 0 0; overflow-wrap: anywhere; }
footer {
  margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: .85rem;
  color: var(--quiet);
}

@media (max-width: 40rem) {
  body { padding: 1.5rem 1rem 3rem; font-size: 1rem; }
  h1 { font-size: 1.75rem; }
  .verdict { padding: .9rem 1rem 1rem; } .verdict .sentence { font-size: 1.2rem; }
  dl.done { grid-template-columns: 1fr; gap: 0; } .done dd { margin-bottom: .6rem; }
  caption > span { max-width: calc(100vw - 2rem); }
  article { padding: 1rem; } article header { grid-template-columns: 1fr; }
  th, td { padding: .5rem .55rem; }
  .stick th:first-child { position: sticky; left: 0; background: var(--paper); }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; } article, figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
"""
