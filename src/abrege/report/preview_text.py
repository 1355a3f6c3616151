"""What the model sees of each row, as lines for a terminal of 80 columns."""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from abrege.prompts.preview_model import Preview, PreviewToken, RowPreview
from abrege.report.format import format_count, plural

WIDTH = 80
SHOWN_ENDS = 40
"""Tokens at both ends of a long run of tokens that is shortened."""
SHOWN_CHARACTERS = 280
"""Characters at both ends of a long text that is shortened."""
VISIBLE = {"\n": "⏎", "\t": "⇥", "\r": "␍"}
_CONTROL = {c: "\ufffd" for c in [*range(32), *range(127, 160)] if chr(c) not in "\n\t\r"}
_GREEN, _PLAIN = "\x1b[32m", "\x1b[0m"
_INDENT = "  "


def visible(text: str) -> str:
    """Return a text on one line: white space but the space as a sign, no control characters."""
    shown = text.translate(_CONTROL)
    for character, sign in VISIBLE.items():
        shown = shown.replace(character, sign)
    return shown


def setup_facts(preview: Preview) -> list[tuple[str, str]]:
    """Return what holds for all rows, as names with a text."""
    scope = "the summary" if preview.completion_only else "prompt and summary"
    form = "in the tokenizer's chat template" if preview.chat else "without a chat template"
    if preview.encoder_decoder:
        form = "the encoder reads the prompt, the decoder writes the summary"
    rows = ", ".join(f"{name} {format_count(n)}" for name, n in preview.rows_of_split.items())
    facts = [
        ("model", preview.model),
        ("data", f"{preview.source} ({rows})"),
        ("prompt", form),
        ("trained", f"{scope}, with the end token"),
    ]
    return facts + [("note", note) for note in preview.notes]


def row_facts(preview: Preview, row: RowPreview) -> list[tuple[str, str]]:
    """Return the counts of a row, what is cut, and what the chat template adds."""
    trained = sum(token.trained for token in row.tokens)
    facts = [("left out", f"{row.left_out}; no token is trained")] if row.left_out else []
    facts += [
        ("prompt", _prompt_fact(row)),
        ("target", plural(len(row.target), "token")),
        ("trained", f"{format_count(trained)} of {plural(len(row.tokens), 'token')}"),
        ("room", _room_fact(preview, row)),
        ("cut", _cut_fact(row)),
    ]
    facts += _template_facts(row)
    if row.escaped:
        facts.append(("escaped", "special tokens in document or summary are broken up as words"))
    unknown = [visible(token.text) for token in row.tokens if token.unknown]
    if unknown:
        facts.append(("unknown", f"{plural(len(unknown), 'token')} not in the vocabulary"))
    facts += _generation_facts(row)
    return facts


def _prompt_fact(row: RowPreview) -> str:
    left = row.document_tokens - row.document_tokens_cut
    around = len(row.prompt) - left
    return (
        f"{plural(len(row.prompt), 'token')}: document {format_count(left)}, "
        f"around it {format_count(around)}"
    )


def _room_fact(preview: Preview, row: RowPreview) -> str:
    room = preview.max_tokens
    free = room - len(row.prompt) - row.reserved_tokens
    if preview.encoder_decoder:
        return f"{format_count(room)} tokens for the prompt, {format_count(free)} of them free"
    return (
        f"{format_count(room)} tokens (tune.max_length): prompt {format_count(len(row.prompt))}, "
        f"left to the summary {format_count(row.reserved_tokens)}, free {format_count(free)}"
    )


def _cut_fact(row: RowPreview) -> str:
    if not row.document_tokens_cut:
        return "nothing; the whole document is read"
    return (
        f"the last {format_count(row.document_tokens_cut)} of "
        f"{format_count(row.document_tokens)} document tokens; what stays ends with "
        f"“{visible(row.last_words)}”"
    )


def _template_facts(row: RowPreview) -> list[tuple[str, str]]:
    added = [visible(part.text) for part in row.parts if part.source == "chat template"]
    return [("template", f"adds “{text}”") for text in added]


def _generation_facts(row: RowPreview) -> list[tuple[str, str]]:
    facts = []
    for prompt in row.generation:
        pieces = [plural(prompt.tokens, "token")]
        if prompt.examples:
            pieces.append(f"after the examples {', '.join(map(visible, prompt.examples))}")
        if prompt.document_tokens_cut:
            pieces.append(f"{format_count(prompt.document_tokens_cut)} of the document cut")
        facts.append(("generate", f"{prompt.system}: {'; '.join(pieces)}"))
    if not any(prompt.system == "all systems" for prompt in row.generation):
        facts.insert(0, ("generate", "asks with the same prompt"))
    return facts


def render_preview(preview: Preview, *, colored: bool = False) -> str:
    """Return the rows with their facts, texts and tokens.

    colored  whether trained tokens are green; they are in brackets anyway
    """
    parts = [_facts(setup_facts(preview))]
    parts += [_render_row(preview, row, colored=colored) for row in preview.rows]
    return "\n\n".join(parts) + "\n"


def render_short(preview: Preview) -> str:
    """Return the facts of the first row, and the ends of its tokens."""
    row = preview.rows[0]
    lines = [f"{visible(row.id)}, the first row, as the model sees it; trained tokens in [ ]:"]
    kinds = {"left out", "prompt", "target", "trained", "room", "cut"}
    lines.append(_facts([fact for fact in row_facts(preview, row) if fact[0] in kinds]))
    prompt, target = (_shorten(tokens, 12) for tokens in (row.prompt, row.target))
    lines += [_INDENT + line for line in _wrap([*prompt, *target], colored=False)]
    lines.append("More rows, whole: abrege preview RECIPE --out preview.html")
    return "\n".join(lines)


def _render_row(preview: Preview, row: RowPreview, *, colored: bool) -> str:
    title = f"── {visible(row.id)} ({row.split}) "
    lines = [title.ljust(WIDTH, "─"), _facts(row_facts(preview, row)), ""]
    lines += ["Prompt", *_text("".join(part.text for part in row.parts)), ""]
    lines += ["Target", *_text(row.target_text), ""]
    lines.append("Tokens: [trained], |not trained|")
    prompt, target = _shorten(row.prompt, SHOWN_ENDS), _shorten(row.target, SHOWN_ENDS)
    if preview.encoder_decoder:
        lines += [f"{_INDENT}encoder"] + [_INDENT * 2 + x for x in _wrap(prompt, colored=colored)]
        lines += [f"{_INDENT}decoder"] + [_INDENT * 2 + x for x in _wrap(target, colored=colored)]
    else:
        lines += [_INDENT + line for line in _wrap([*prompt, *target], colored=colored)]
    return "\n".join(lines)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in facts) + 2
    return "\n".join(
        textwrap.fill(
            text,
            WIDTH,
            initial_indent=name.ljust(width),
            subsequent_indent=" " * width,
            break_on_hyphens=False,
        )
        for name, text in facts
    )


def _text(text: str) -> list[str]:
    """Return the lines of a text, wrapped; the middle of a long one is left out, and counted."""
    omitted = len(text) - 2 * SHOWN_CHARACTERS
    if omitted > 80:
        first = text[:SHOWN_CHARACTERS].rsplit(" ", 1)[0]
        last = text[-SHOWN_CHARACTERS:].split(" ", 1)[-1]
        text = f"{first}\n… {format_count(len(text) - len(first) - len(last))} characters …\n{last}"
    lines: list[str] = []
    for line in text.splitlines():
        shown = visible(line)
        lines += textwrap.wrap(shown, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT) or [
            ""
        ]
    return lines


def _shorten(tokens: Sequence[PreviewToken], ends: int) -> list[PreviewToken | int]:
    """Return tokens, with the number of those left out in the place of a long middle."""
    omitted = len(tokens) - 2 * ends
    if omitted <= 10:
        return [*tokens]
    return [*tokens[:ends], omitted, *tokens[-ends:]]


def _wrap(tokens: Sequence[PreviewToken | int], *, colored: bool) -> Iterator[str]:
    """Yield lines of tokens that fit the width with their indent, broken between two tokens."""
    line, used = "", 0
    for token in tokens:
        text = f" … {plural(token, 'token')} … " if isinstance(token, int) else _token(token)
        length = _columns(text)
        if used and used + length > WIDTH - 2 * len(_INDENT):
            yield line.rstrip()
            line, used = "", 0
        is_trained = not isinstance(token, int) and token.trained
        line += f"{_GREEN}{text}{_PLAIN}" if colored and is_trained else text
        used += length
    if line:
        yield line.rstrip()


def _token(token: PreviewToken) -> str:
    text = visible(token.text) or "◌"  # a part of a character
    return f"[{text}]" if token.trained else f"{text}|"


def _columns(text: str) -> int:
    """Count the columns of a terminal that a text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
