"""Find the instruction that stands in the messages of chat data, before or after the document.

The words that nearly all messages begin or end with are an instruction if they ask for a summary.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

InstructionMode = Literal["auto", "remove", "keep"]

SAMPLE_TEXTS = 200
"""Different messages whose beginnings and ends are the candidates."""
MIN_TEXTS = 3
"""Fewer different messages share words by chance."""
MIN_SHARE = 0.95
"""Share of the rows that have the same words, from which these are certain."""
MIN_ASKING = 0.2
"""Share of the rows that ask in their own words, from which that is worth a note."""
MAX_CHARACTERS = 1000
"""Where an instruction ends at the latest, from either end of a message."""

ASKS = re.compile(
    r"summar|tl\s*;?\s*dr\b|gist\b|synops|key points|r[ée]sum|synth[èé]|zusammen(?:fass|\W)"
    r"|resumen|resumo|resuma|riassu|sintesi|samenvat|sammanfatt|sammendrag|streszcz|özet|shrň"
    r"|összefogl|rezuma|tóm tắt|ringkas|περίλ|περιλ|суммар|резюм|изложи|перескаж|стисл"
    r"|要約|摘要|总结|總結|概括|概述|요약|لخص|تلخيص|ملخص|סכם|סיכום|สรุป|सारांश",
    re.IGNORECASE,
)
"""Words that ask for a summary."""
ASKS_WIDELY = re.compile(
    rf"{ASKS.pattern}|headline|\btitles?\b|abstract|condens|shorten|compress|in (?:one|a) sentence"
    r"|\btitre|überschrift|titular|título|titolo|заголов|标题|見出し|제목",
    re.IGNORECASE,
)
"""Words that ask for one where nearly all messages have them."""
_BOUNDARY = re.compile(r"[^\S\n]*\n\s*|(?<=[.!?:])[\"'»”’)]*[^\S\n]+|(?<=[。！？：])")
"""The end of a line or a sentence, with the space that follows."""
_LABEL = re.compile(r"\W*|\W*(?:[\w'’]+\W+){0,3}?[\w'’]*\W*:\W*|<\w+>")
"""What stands between instruction and document: `### Dialogue:`, `---`, `<article>`."""
_STOPS = ".!?:。！？：…\"'»”’)"


@dataclass(frozen=True)
class Instruction:
    """The words before and after the document, which so many rows of all have."""

    before: str
    after: str
    rows: int
    of: int

    def remove(self, text: str) -> str:
        """Return a message without the instruction, or as it is if it has nothing else."""
        rest = text
        for words, end in ((self.before, False), (self.after, True)):
            if words and (remainder := _without(rest, words, at_end=end)):
                rest = remainder
        return rest


@dataclass(frozen=True)
class InstructionSearch:
    """What a search for an instruction came to, and what to say about it."""

    instruction: Instruction | None
    notes: Sequence[str]


def find_instruction(texts: Iterable[str], mode: InstructionMode) -> InstructionSearch:
    """Find the words that nearly all of `texts`, the users' messages, begin or end with.

    mode  auto: they are an instruction if they ask for a summary; remove: whatever they are;
          keep: never
    """
    if mode == "keep":
        return InstructionSearch(None, ())
    counts = _MessageCounts()
    for text in texts:
        counts.add(text)
    counts.finish()
    before, after = counts.common(at_end=False), counts.common(at_end=True)
    if mode == "auto":
        asked = _asking_part(before, at_end=False), _asking_part(after, at_end=True)
    else:
        asked = before, after
    if any(asked):
        rows = max(counts.count(words, at_end=bool(end)) for end, words in enumerate(asked))
        instruction = Instruction(*asked, rows=rows, of=counts.rows)
        return InstructionSearch(instruction, [_describe_removed(instruction)])
    return InstructionSearch(None, [*_describe_others(counts, before, after)])


class _MessageCounts:
    """How many messages begin, and end, with each of a few candidates."""

    def __init__(self) -> None:
        self.rows = self.asking = 0
        self._first: list[str] = []
        self._counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._different: set[str] = set()
        self._ready = False

    def add(self, text: str) -> None:
        """Count a message; the first ones give the candidates."""
        self.rows += 1
        self.asking += _seems_to_ask(text)
        if self._ready:
            self._count(text)
            return
        self._first.append(text)
        self._different.add(text)
        if len(self._different) == SAMPLE_TEXTS:
            self.finish()

    def finish(self) -> None:
        """Choose the candidates among the first messages, and count these."""
        if self._ready:
            return
        self._ready = True
        for at_end, counts in enumerate(self._counts):
            votes: dict[str, int] = {}
            for text in self._different:
                for words in {*_candidates(text, at_end=bool(at_end))}:
                    votes[words] = votes.get(words, 0) + 1
            needed = max(len(self._different) / 2, MIN_TEXTS)
            counts.update({words: 0 for words, count in votes.items() if count >= needed})
        for text in self._first:
            self._count(text)
        self._first.clear()

    def _count(self, text: str) -> None:
        for at_end, counts in enumerate(self._counts):
            for words in counts:
                counts[words] += _without(text, words, at_end=bool(at_end)) is not None

    def count(self, words: str, *, at_end: bool) -> int:
        """Return how many rows have these words, of which others may be the longer."""
        counts = self._counts[at_end]
        return max((n for other, n in counts.items() if words and words in other), default=0)

    def common(self, *, at_end: bool) -> str:
        """Return the longest words that nearly all rows begin or end with; "" if there are none."""
        counts = self._counts[at_end]
        certain = [words for words, count in counts.items() if count >= MIN_SHARE * self.rows]
        return max(certain, key=len, default="")


def _candidates(text: str, *, at_end: bool) -> Iterator[str]:
    """Yield the beginnings, or the ends, of a message up to the end of a line or sentence."""
    if at_end:
        tail = text[-MAX_CHARACTERS:]
        for cut in _BOUNDARY.finditer(tail):
            if "\n" in cut[0] or tail[: cut.start()].rstrip()[-1:] != ":":
                yield tail[cut.end() :].strip()
        return
    start = 0
    for cut in _BOUNDARY.finditer(text[:MAX_CHARACTERS]):
        segment = text[start : cut.end()]
        # A colon inside a line often follows the name of a speaker.
        if "\n" in cut[0] or segment.rstrip()[-1:] != ":" or ASKS_WIDELY.search(segment):
            yield text[: cut.end()].strip()
            start = cut.end()


def _without(text: str, words: str, *, at_end: bool) -> str | None:
    """Return a message without the words it begins or ends with; None if it does not."""
    if at_end:
        rest = text[: -len(words)] if text.endswith(words) else ""
        is_cut = rest[-1:].isspace() or rest[-1:] in _STOPS
    else:
        rest = text[len(words) :] if text.startswith(words) else ""
        gap = rest[: len(rest) - len(rest.lstrip())]
        is_cut = "\n" in gap or (words[-1:] in _STOPS and (bool(gap) or words[-1:] in "。！？："))
    return rest.strip() if rest.strip() and is_cut else None


def _asking_part(words: str, *, at_end: bool) -> str:
    """Return the part of common words that is an instruction; "" if they ask for nothing.

    It ends where a blank line or a colon at the end of a line ends it, and has the labels that
    follow: the rest of the words opens every document.
    """
    segments = _segments(words)
    asking = [n for n, segment in enumerate(segments) if ASKS_WIDELY.search(segment)]
    if not asking:
        return ""
    if at_end:
        first = asking[0]
        while first and _LABEL.fullmatch(segments[first - 1].strip()):
            first -= 1
        return "".join(segments[first:]).strip()
    last = asking[-1]
    while last + 1 < len(segments) and not _ends_paragraph(segments[last]):
        last += 1
    while last + 1 < len(segments) and _LABEL.fullmatch(segments[last + 1].strip()):
        last += 1
    return "".join(segments[: last + 1]).strip()


def _segments(words: str) -> list[str]:
    """Split words after each line and sentence, with the space that follows it."""
    ends = [*(cut.end() for cut in _BOUNDARY.finditer(words)), len(words)]
    starts = [0, *ends[:-1]]
    return [words[a:b] for a, b in zip(starts, ends, strict=True) if b > a]


def _ends_paragraph(segment: str) -> bool:
    gap = segment[len(segment.rstrip()) :]
    return gap.count("\n") > 1 or ("\n" in gap and segment.rstrip().endswith((":", "：")))


def _seems_to_ask(text: str) -> bool:
    """Return whether the first or the last sentence or line asks for a summary."""
    head, tail = _segments(text[:MAX_CHARACTERS])[:2], _segments(text[-MAX_CHARACTERS:])[-1:]
    return any(len(s) < MAX_CHARACTERS // 3 and ASKS.search(s) for s in (*head, *tail))


def _describe_removed(instruction: Instruction) -> str:
    before, after = instruction.before, instruction.after
    template = "\n\n".join(filter(None, (before, "{document}", after)))
    setting = json.dumps(template, ensure_ascii=False)
    return (
        f"{instruction.rows} of {instruction.of} rows {_describe_words(before, after)}: left out "
        "of the document, since the prompt asks for the summary (data.instruction: keep leaves it "
        f"in). To ask in the same words, set prompt.template: {setting}"
    )


def _describe_others(counts: _MessageCounts, before: str, after: str) -> Iterator[str]:
    if counts.rows and counts.asking >= max(MIN_ASKING * counts.rows, 1):
        yield (
            f"{counts.asking} of {counts.rows} rows seem to ask for a summary in their own words, "
            'which stay in the document: set prompt.template: "{document}", or it is asked twice'
        )
    elif before or after:
        rows = max(counts.count(before, at_end=False), counts.count(after, at_end=True))
        yield (
            f"{rows} of {counts.rows} rows {_describe_words(before, after)}: if this is an "
            "instruction and no part of the document, set data.instruction: remove"
        )


def _describe_words(before: str, after: str) -> str:
    parts = [f'begin with "{" ".join(before.split())}"'] if before else []
    parts += [f'end with "{" ".join(after.split())}"'] if after else []
    return " and ".join(parts)
