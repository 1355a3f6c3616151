"""Continuous batching on a CPU: rows join and leave the batch as others end.

From prompts to texts: the longest prompts come first; prompts are read end to end, without padding,
about PASS_TOKENS in a pass, into caches that begin with the prefix all share; then every step reads
one token of each row in flight. A row that ends leaves its place to the next prompt. What a row
computes does not depend on the others, so neither does its text.
"""

from collections.abc import Collection, Iterator, Sequence

import psutil
from torch import Tensor

from abrege.compute.cpu.kv_cache import CacheGroup, rounded_length
from abrege.compute.cpu.packed_model import PackedCausalModel, PromptPiece
from abrege.core.errors import SetupError
from abrege.inference.next_token import GeneratedRow, NextToken
from abrege.inference.prefix_cache import shared_prefix
from abrege.prompts.prompt_format import TokenizedExample

PASS_TOKENS = 1024
"""Tokens of prompts that are read in one pass; a longer prompt is read in pieces of as many."""
GROUP_ROWS = 8
"""Rows whose caches have one length."""
MIN_JOINING = 4
"""Free places from which new rows are read, so that a pass holds several."""
MIN_PREFIX_TOKENS = 16
MAX_MEMORY_SHARE = 0.25
"""Share of the free memory that caches may take."""


class ContinuousBatch:
    """Generates the rows of some prompts, at most `rows` at once.

    choose  how tokens are chosen, and when a row ends
    share   of the memory that caches may take: the part of this batch

    Raise SetupError where the memory does not hold the cache of one row.
    """

    def __init__(
        self,
        model: PackedCausalModel,
        prompts: Sequence[TokenizedExample],
        choose: NextToken,
        *,
        rows: int,
        skip: Collection[int] = (),
        share: float = 1.0,
    ) -> None:
        self.model, self.choose, self.prompts = model, choose, prompts
        longest_first = sorted(range(len(prompts)), key=lambda row: (-len(prompts[row]), row))
        self.waiting = [row for row in longest_first if row not in skip][::-1]
        self.prefix_ids = self._prefix([prompt.prompt_ids for prompt in prompts])
        most_tokens = self._most_tokens()
        rows = min(rows, len(self.waiting), self._most_rows(most_tokens, share))
        prefix = self._read_prefix() if self.waiting else None
        sizes = [min(GROUP_ROWS, rows - first) for first in range(0, rows, GROUP_ROWS)]
        self.groups = [CacheGroup(model.shape, size, most_tokens, prefix) for size in sizes]
        self.rows: list[list[GeneratedRow]] = [[] for _ in sizes]

    def __iter__(self) -> Iterator[list[GeneratedRow]]:
        """Yield the rows that have ended, as they end."""
        while self.waiting or self.in_flight:
            if ended := self.advance():
                yield ended

    @property
    def in_flight(self) -> list[GeneratedRow]:
        """Return the rows that have begun and not ended."""
        return [row for rows in self.rows for row in rows]

    def advance(self) -> list[GeneratedRow]:
        """Read waiting prompts and a token of each row in flight; return the rows that ended."""
        self._join()
        ended = self._leave()
        if self.in_flight:
            self._step()
        return ended

    @property
    def most_rows(self) -> int:
        """Return how many rows are generated at once."""
        return sum(group.size for group in self.groups)

    def _prefix(self, ids: Sequence[Sequence[int]]) -> list[int]:
        """Return the tokens that all prompts begin with, if they are worth a pass of their own."""
        prefix = shared_prefix(ids)
        return prefix if len(prefix) >= MIN_PREFIX_TOKENS else []

    def _read_prefix(self) -> Tensor | None:
        """Return keys and values of the prefix, (layers, 2, key heads, tokens, size)."""
        ids = self.prefix_ids
        if not ids:
            return None
        cache = self.model.shape.empty(1, len(ids))[:, :, 0]
        for start in range(0, len(ids), PASS_TOKENS):
            self.model.read([PromptPiece(ids[start : start + PASS_TOKENS], start, cache)])
        return cache[..., : len(ids), :]

    def _most_tokens(self) -> int:
        """Return how many tokens the cache of a row holds at most."""
        longest = max((len(self.prompts[row]) for row in self.waiting), default=0)
        return rounded_length(longest + self.choose.profile.max_new_tokens)

    def _most_rows(self, most_tokens: int, share: float) -> int:
        """Return how many rows the memory holds at their longest."""
        row_bytes = max(1, most_tokens * self.model.shape.bytes_per_token)
        free = share * MAX_MEMORY_SHARE * psutil.virtual_memory().available
        if row_bytes > free:
            raise SetupError(
                f"{most_tokens} tokens of a prompt and its summary need a cache of "
                f"{row_bytes / 1e9:.1f} GB, and {free / 1e9:.1f} GB may be taken.\n"
                "  Lower tune.max_length or generate.max_new_tokens, or end other programs."
            )
        return int(free // row_bytes)

    def _join(self) -> None:
        """Read waiting prompts into the free places, once there are a few of them."""
        free = sum(group.free for group in self.groups)
        if free < min(MIN_JOINING, self.most_rows, len(self.waiting)):
            return
        while self.waiting and free:
            tokens = 0
            joining: list[tuple[int, GeneratedRow]] = []
            while self.waiting and len(joining) < free:
                number = self.waiting[-1]
                length = len(self.prompts[number]) - len(self.prefix_ids)
                if joining and tokens + length > PASS_TOKENS:
                    break
                tokens += length
                row = self.choose.row(self.waiting.pop(), self.prompts[number])
                joining.append((self._place(row), row))
            free -= len(joining)
            self._read(joining)

    def _place(self, row: GeneratedRow) -> int:
        """Give a row a place in the first group that has one; return the number of the group."""
        number = next(n for n, group in enumerate(self.groups) if group.free)
        self.groups[number].add(len(row.prompt.prompt_ids) + 1)
        self.rows[number].append(row)
        return number

    def _read(self, joining: Sequence[tuple[int, GeneratedRow]]) -> None:
        """Read the prompts of rows that join, and choose their first tokens."""
        pieces = []
        for number, row in joining:
            group, place = self.groups[number], self.rows[number].index(row)
            ids, cache = row.prompt.prompt_ids, group.row(place)
            start = len(self.prefix_ids)
            while len(ids) - start > PASS_TOKENS:
                end = start + PASS_TOKENS
                self.model.read([PromptPiece(ids[start:end], start, cache)])
                start = end
            pieces.append(PromptPiece(ids[start:], start, cache))
            group.lengths[place] = len(ids)
        self.choose.append(self.model.read(pieces), [row for _, row in joining])

    def _leave(self) -> list[GeneratedRow]:
        """Remove the rows that have ended, and return them."""
        ended = []
        for group, rows in zip(self.groups, self.rows, strict=True):
            for place in reversed(range(len(rows))):
                if self.choose.is_finished(rows[place]):
                    ended.append(rows[place])
                    group.remove(place)
                    rows[place] = rows[-1]
                    rows.pop()
        return ended

    def _step(self) -> None:
        """Read the last token of every row in flight, and choose the next one."""
        groups = [group for group in self.groups if group.lengths]
        rows = self.in_flight
        for group in groups:
            group.reserve(max(group.lengths) + 1)
        logits = self.model.step(groups, [row.ids[-1] for row in rows])
        self.choose.append(logits, rows)
