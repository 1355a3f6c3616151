"""The sentences of the page, for HTML and Markdown alike."""

from collections.abc import Mapping
from typing import Any

from abrege.report import format as figures
from abrege.report.view_model import Answer, Example, Run, Verdict

MOST_POINTS = 600
"""More steps than this are thinned on the loss curve."""


def done(run: Run) -> list[tuple[str, str]]:
    """Say in a few lines what was done: the model, the data, the method, and what was merged."""
    setup = run.setup
    model = setup.model
    if setup.parameters and setup.trainable is not None:
        part = figures.share(setup.trainable, setup.parameters)
        model += (
            f": {figures.count(setup.parameters)} weights, "
            f"of which {figures.count(setup.trainable)} ({part}) were trained"
        )
    where = " on ".join(x for x in (setup.dtype, setup.device) if x)
    method = "; ".join(x for x in (setup.method, where, setup.decoding) if x)
    merged = (
        [("Merged", f"tuned with its adapter in the weights: {setup.merged}")]
        if setup.merged
        else []
    )
    return [("Model", model), ("Data", _data(run)), ("Method", method or figures.ABSENT), *merged]


def _data(run: Run) -> str:
    sizes = []
    for split in run.setup.splits:
        groups = f" in {figures.plural(split.groups, 'group')}" if split.groups else ""
        sizes.append(f"{figures.plural(split.rows, f'{split.name} row')}{groups}")
    lang = f" ({run.setup.lang})" if run.setup.lang else ""
    return f"{run.setup.source}{lang}: {', '.join(sizes)}"


def size(run: Run) -> str:
    """Say what the scores stand on: n rows, in how many groups."""
    rows = figures.plural(run.n, "test row")
    if not run.groups or run.groups == run.n:  # each row is its own group
        return rows
    return f"{rows} in {figures.plural(run.groups, 'group')}"


def signatures(run: Run) -> list[tuple[str, str]]:
    """Give each different signature once, with what it signs."""
    signed: dict[str, dict[str, None]] = {}
    for values in run.systems.values():
        for name, given in values.items():
            if given is not None and given.signature:
                signed.setdefault(given.signature, {})[figures.metric(name).label] = None
    for c in run.comparisons:
        if c.signature:
            label = f"{figures.metric(c.metric).label}, differences"
            signed.setdefault(c.signature, {})[label] = None
    if run.stress:
        signed[run.stress.signature] = {"Hard texts": None}
    return [(" and ".join(labels), signature) for signature, labels in signed.items()]


def sentences(verdict: Verdict) -> tuple[str, str]:
    """Divide the verdict into its first sentence, which answers, and those that qualify it."""
    first, stop, rest = verdict.sentence.partition(". ")
    return first + stop.strip(), rest


def tag(verdict: Verdict) -> str:
    """Say the verdict in two or three words, so that colour is not alone to tell it."""
    return "✓ Better" if verdict.better else "≈ Not shown to be better"


def training(run: Run) -> str:
    """Say under the loss curves what they are."""
    said = ["Loss in nats per summary token: of the rows of each step, thin"]
    if any(s.eval_loss is not None for s in run.steps):
        said.append("of the whole valid split, marked")
    points = sum(s.loss is not None for s in run.steps)
    every = -(-points // MOST_POINTS)
    drawn = f" Of {points:,} steps, one in {every} is drawn." if every > 1 else ""
    return "; ".join(said) + "." + drawn


def meta(given: Mapping[str, Any]) -> list[str]:
    """Say what is known of a row, a name with its value each; of tables, such as who wrote it, too.

    What is None is left out.
    """
    said = []
    for name, value in given.items():
        if isinstance(value, Mapping):
            inner = ", ".join(f"{key} {part}" for key, part in value.items() if part is not None)
            said.append(f"{name}: {inner}")
        elif value is not None:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            said.append(f"{name}: {shown}")
    return said


def gain(example: Example) -> str:
    """Say by how much the first system beats the other on this row, in ROUGE-L."""
    if example.difference is None or len(example.answers) < 2:
        return ""
    other, first = example.answers[0], example.answers[-1]
    by = figures.difference("rougeL", example.difference)
    return f"ROUGE-L, {first.system} − {other.system}: {by}"


def flags(answer: Answer) -> list[str]:
    """Give what a reader must know of how an answer came about."""
    said = ["hit the length limit"] if answer.hit_limit else []
    if answer.document_tokens_cut:
        said.append(f"{figures.plural(answer.document_tokens_cut, 'document token')} cut")
    if answer.unsupported:
        said.append(f"not in the document: {', '.join(answer.unsupported)}")
    return said
