"""Read chat data once before it is used: what its conversations have, and what is left out."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from abrege.core.events import Note, OnEvent
from abrege.data.chat_turns import InvalidValueError, count_turns, is_conversation
from abrege.data.column_roles import TURNS, PairColumnRoles, plain_name
from abrege.data.columns import PAIRED
from abrege.data.instructions import InstructionMode, find_instruction
from abrege.data.pairs import read_document
from abrege.data.rows import SourceRow

QUESTIONS = (*TURNS, *(names[0] for names in PAIRED))
"""Columns that hold what a user asks: an instruction, and the document."""


def is_chat(row: SourceRow, roles: PairColumnRoles) -> bool:
    """Return whether the document of a row is what a user said in a chat."""
    return plain_name(roles.document) in QUESTIONS or is_conversation(
        row.values.get(roles.document)
    )


def scan_chat(
    rows: Mapping[str, Callable[[], Iterator[SourceRow]]],
    roles: dict[str, PairColumnRoles],
    mode: InstructionMode,
    where: str,
    on_event: OnEvent,
) -> dict[str, Any]:
    """Count the turns of all splits, find their instruction, and report both.

    rows   split → a function that reads its rows, of the splits that are chat data
    roles  of these splits; they get the instruction that is to be left out

    Return what was found, for the manifest.
    """
    turns: Counter[str] = Counter()
    messages = _messages(rows, roles, turns)
    search = find_instruction(messages, mode)
    for _ in messages:  # `keep` reads none, and the turns are counted all the same
        pass
    for note in (*_describe_turns(turns), *search.notes):
        on_event(Note(f"{where}: {note}"))
    for split in rows:
        roles[split] = replace(roles[split], instruction=search.instruction)
    found = {"instruction": asdict(search.instruction)} if search.instruction else {}
    counts = {key: count for key, count in turns.items() if count}
    return {"turns": counts, **found}


def _messages(
    rows: Mapping[str, Callable[[], Iterator[SourceRow]]],
    roles: Mapping[str, PairColumnRoles],
    turns: Counter[str],
) -> Iterator[str]:
    """Yield the document of each row with its instruction; count the turns of its conversation."""
    for split, read_rows in rows.items():
        columns = roles[split]
        for row in read_rows():
            turns["rows"] += 1
            value = row.values.get(columns.document)
            if is_conversation(value):
                turns.update(count_turns(value, answered=columns.document in columns.summary))
            try:
                yield read_document(row, columns)
            except InvalidValueError:
                continue  # reported when the rows are used


def _describe_turns(turns: Mapping[str, int]) -> Iterator[str]:
    total = turns["rows"]
    if turns["system"]:
        yield (
            f"{turns['system']} of {total} rows have a system message, kept in meta: "
            'prompt.system: "{meta.system}" shows it to the model'
        )
    if turns["earlier"]:
        yield (
            f"{turns['earlier']} of {total} rows have earlier turns, left out: the document is the "
            "user's last message before the last answer"
        )
    if turns["later"]:
        yield f"{turns['later']} of {total} rows have turns after the last answer, left out"
    if turns["left_out"]:
        yield f"{turns['left_out']} turns left out in all"
