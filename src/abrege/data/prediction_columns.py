"""Detect which column of a file of predictions is which, and read what models answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from abrege.core.errors import DataError
from abrege.data.chat_turns import is_conversation
from abrege.data.column_roles import plain_name
from abrege.data.columns import GROUP, ID, LANG, NUMBERED, SUMMARY, named_columns
from abrege.data.rows import SourceRow, shorten

PREDICTION_ROLES = {
    "prediction": (
        *("prediction", "predictions", "predict", "predicted", "pred", "hypothesis", "candidate"),
        *("generated", "generated_text", "generation", "filtered_resps", "response"),
    ),
    "reference": ("references", "reference", "label", "labels", "gold", "gold_summary", *SUMMARY),
    "id": (*ID, "custom_id"),
    "group": GROUP,
    "lang": LANG,
    "finish_reason": ("finish_reason", "stop_reason"),
    "new_tokens": ("new_tokens", "completion_tokens", "gen_len"),
}
"""Role of a column, as --columns names it → the well-known names of such a column."""
WEAK = {
    "prediction": (
        *("summary_text", "output_text", "output", "outputs", "completion", "choices", "messages"),
        *(*SUMMARY, "text"),
    ),
    "reference": ("output", "completion", "text"),
}
"""Role → names that a column has where none has a better one; the first counts."""
ANSWER_KEYS = (
    *("summary_text", "generated_text", "text", "content", "message", "choices", "outputs"),
    *("output", "body", "response"),
)
"""Keys under which an answer of a server or a pipeline has its text, or what holds it."""


def detect_prediction_columns(
    names: Sequence[str], required: Sequence[str], explicit: Mapping[str, str], *, where: str
) -> dict[str, Sequence[str]]:
    """Return the columns of each role in PREDICTION_ROLES, of a file of predictions.

    required  roles that must be found; others may be absent
    explicit  role → column, as --columns gives it; these win

    Raise DataError if a required role is missing or ambiguous.
    """
    columns: dict[str, Sequence[str]] = {}
    alone = "reference" not in required  # else a summary is the reference
    for role in (*required, *(r for r in PREDICTION_ROLES if r not in ("prediction", "reference"))):
        if role in explicit:
            if explicit[role] not in names:
                raise DataError(
                    f"{where}: there is no column {explicit[role]!r}, which --columns names.\n"
                    f"  Columns found: {', '.join(names)}."
                )
            columns[role] = [explicit[role]]
            continue
        free = [c for c in names if c not in explicit.values()]
        matches = named_columns(free, PREDICTION_ROLES[role])
        if not matches and role in required:
            claimed = {name for names in columns.values() for name in names}
            free = [c for c in free if c not in claimed]
            weak = [n for n in WEAK[role] if role == "reference" or n not in SUMMARY or alone]
            matches = named_columns(free, weak)[:1]
        numbered = [c for c in free if NUMBERED.fullmatch(plain_name(c))]
        if role == "reference" and numbered:
            columns[role] = numbered
        elif role in required and len(matches) != 1:
            raise _unclear_prediction_column(names, role, matches, where)
        elif matches:
            columns[role] = matches[:1]
    return columns


def _unclear_prediction_column(
    names: Sequence[str], role: str, matches: Sequence[str], where: str
) -> DataError:
    problem = f"could be {' or '.join(matches)}" if matches else "has no column of a known name"
    return DataError(
        f"{where}: the {role} {problem}.\n  Columns found: {', '.join(names)}.\n"
        f"  Name the column: --columns {role}=NAME"
        + (", or give --references FILE." if role == "reference" else ".")
    )


def answer_text(value: Any) -> Any:
    """Return the text in an answer of a server, a pipeline or a conversation, else the value.

    {"choices": [{"message": {"content": …}}]} of OpenAI, also in a batch; [{"text": …}] of vLLM;
    [{"summary_text": …}] of a pipeline; the last turn of messages.
    """
    if is_conversation(value):
        return answer_text(value[-1] if "role" in value[-1] else value[0])
    if isinstance(value, Mapping):
        key = next((key for key in ANSWER_KEYS if key in value), None)
        return value if key is None else answer_text(value[key])
    return value


def read_texts(row: SourceRow, column: str, role: str) -> list[str]:
    """Return a text, or the texts of a list; a prediction may be empty, a reference may not."""
    value = answer_text(row.values.get(column))
    items: list[Any] = value if isinstance(value, list) else [value]
    if role == "prediction" and len(items) != 1:
        raise DataError(f"{row.location}: expected one prediction ({column}), found {len(items)}.")
    if not items:
        raise DataError(f"{row.location}: the {role} ({column}) is an empty list.")
    for item in items:
        if not isinstance(item, str):
            kind = "missing" if item is None else f"of type {type(item).__name__}, not text"
            raise DataError(f"{row.location}: the {role} ({column}) is {kind}: {shorten(item)}")
        if role == "reference" and not item.strip():
            raise DataError(
                f"{row.location}: the reference ({column}) is empty.\n"
                "  Correct the row, or remove it on both sides."
            )
    return [replace_surrogates(item) for item in items]


def replace_surrogates(text: str) -> str:
    """Replace halves of characters, which no UTF-8 file can contain, by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
