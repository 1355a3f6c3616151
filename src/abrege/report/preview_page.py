"""The page of `abrege preview`: the prompt and the target of each row, as text and as tokens."""

from collections.abc import Sequence

from abrege.prompts.preview_model import Preview, PreviewToken, PromptPart, RowPreview
from abrege.report import html
from abrege.report.blocks import (
    Block,
    FactList,
    Fold,
    MarkedSpan,
    MarkedText,
    Page,
    PageSection,
    make_sections,
)
from abrege.report.format import format_count, plural
from abrege.report.preview_text import row_facts, setup_facts, visible

_MARKS = {"chat template": "added", "system": "asked", "instruction": "asked"}
"""How the pieces of a prompt are set off, by where they are from."""
_SOURCES = {"system": "prompt.system", "instruction": "prompt.template"}


def render_html(preview: Preview) -> str:
    """Return the whole page: no network, no script, every text escaped."""
    return html.render_page(build_page(preview))


def build_page(preview: Preview) -> Page:
    """Return the content of the page, a section for each row."""
    cut = sum(row.document_tokens_cut > 0 for row in preview.rows)
    unknown = sum(token.unknown for row in preview.rows for token in row.tokens)
    trained = sum(token.trained for row in preview.rows for token in row.tokens)
    total = sum(len(row.tokens) for row in preview.rows)
    answer = (
        f"Of {format_count(total)} tokens in {plural(len(preview.rows), 'row')}, "
        f"{format_count(trained)} are trained; {plural(cut, 'document')} cut, "
        f"{plural(unknown, 'unknown token')}."
    )
    return Page(
        title=f"{preview.model}: abrege preview",
        heading=preview.model,
        question="What does the model see?",
        tone="unsure" if cut or unknown or any(row.left_out for row in preview.rows) else "better",
        answer=answer,
        facts=setup_facts(preview),
        sections=make_sections(
            *(
                PageSection(f"row-{number}", row.id, _row_blocks(preview, row))
                for number, row in enumerate(preview.rows, start=1)
            )
        ),
        footer="Written by `abrege preview`. Hover over a token for its id.",
    )


def _row_blocks(preview: Preview, row: RowPreview) -> list[Block]:
    cut = row.document_tokens_cut
    blocks: list[Block] = [
        FactList([("split", row.split), *row_facts(preview, row)]),
        MarkedText("Prompt", _prompt_spans(row.parts, cut)),
        MarkedText("Target", [MarkedSpan(row.target_text)]),
    ]
    legend = "underlined ones are trained"
    if preview.encoder_decoder:
        prompt = MarkedText("Tokens of the encoder", _token_spans(row.prompt, row), is_tokens=True)
        target = MarkedText(
            f"Tokens of the decoder: {legend}", _token_spans(row.target, None), is_tokens=True
        )
        blocks += [prompt, target]
    else:
        tokens = _token_spans(row.tokens, row)
        blocks.append(MarkedText(f"Tokens: {legend}", tokens, is_tokens=True))
    blocks += [
        Fold(f"The prompt of generate: {prompt.system}", [_whole_prompt(prompt.text)])
        for prompt in row.generation
    ]
    return blocks


def _whole_prompt(text: str) -> MarkedText:
    return MarkedText("Prompt", [MarkedSpan(text)])


def _prompt_spans(parts: Sequence[PromptPart], tokens_cut: int) -> list[MarkedSpan]:
    """Return the pieces of a prompt, with the cut behind the document."""
    spans = []
    for part in parts:
        title = f"added by the {part.source}" if part.source == "chat template" else part.source
        mark = _MARKS.get(part.source, "")
        spans.append(MarkedSpan(part.text, mark, _SOURCES.get(part.source, title)))
        if tokens_cut and part.source in ("document", "prompt"):
            spans.append(_cut_span(tokens_cut))
    return spans


def _token_spans(tokens: Sequence[PreviewToken], row: RowPreview | None) -> list[MarkedSpan]:
    """Return a span for each token, with the cut of the prompt in `row`."""
    spans = [_token_span(token) for token in tokens]
    if row is not None and row.cut_at is not None:
        spans.insert(row.cut_at, _cut_span(row.document_tokens_cut))
    return spans


def _token_span(token: PreviewToken) -> MarkedSpan:
    text = visible(token.text).replace("⏎", "⏎\n") or "◌"
    mark = "unknown" if token.unknown else "trained" if token.trained else ""
    labels = ["trained" if token.trained else "not trained", *["unknown"] * token.unknown]
    return MarkedSpan(text, mark, f"id {token.id}, {', '.join(labels)}")


def _cut_span(tokens_cut: int) -> MarkedSpan:
    return MarkedSpan(f"✂ {plural(tokens_cut, 'token')} cut", "cut", "the document is cut here")
