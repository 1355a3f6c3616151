"""The next token of each row: greedily or by sampling, with the constraints of a profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from abrege.core.errors import SetupError
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample


@dataclass
class GeneratedRow:
    """A row that is being generated.

    number  of the prompt among all
    ids     the new tokens so far
    """

    number: int
    prompt: TokenizedExample
    generator: torch.Generator | None = None
    ids: list[int] = field(default_factory=list)


class NextToken:
    """Chooses tokens as transformers' `generate` does with the same GenerationConfig.

    Each row draws from a generator of its own, seeded by the profile's seed and the row's number:
    what a row draws does not depend on the others.
    """

    def __init__(self, profile: DecodingProfile, stop_ids: Sequence[int]) -> None:
        self.profile, self.stop_ids = profile, list(stop_ids)
        self.is_plain = not (
            profile.do_sample or profile.min_new_tokens or profile.no_repeat_ngram_size
        )

    def row(self, number: int, prompt: TokenizedExample) -> GeneratedRow:
        """Return a row without new tokens."""
        generator = None
        if self.profile.do_sample:
            seed = (self.profile.seed * 1_000_003 + number) % 2**63
            generator = torch.Generator().manual_seed(seed)
        return GeneratedRow(number, prompt, generator)

    @torch.inference_mode()
    def append(self, logits: Tensor, rows: Sequence[GeneratedRow]) -> None:
        """Append a token to each row.

        logits  (rows, vocabulary)  float32; changed in place

        Raise SetupError where the logits of a row are not numbers.
        """
        if not self.is_plain:
            for row_logits, row in zip(logits, rows, strict=True):
                self._constrain(row_logits, row)
        best = logits.argmax(-1)
        if (bad := logits.gather(1, best[:, None])[:, 0].isnan()).any():
            row = rows[int(bad.nonzero()[0, 0])]
            raise SetupError(
                f"row {row.prompt.id}: the logits after {len(row.ids)} new tokens are NaN.\n"
                "  Decode with dtype float32, or tune again with a lower learning rate."
            )
        if not self.profile.do_sample:
            chosen = best.tolist()
        else:
            chosen = [self._sample(x, row) for x, row in zip(logits, rows, strict=True)]
        for row, token in zip(rows, chosen, strict=True):
            row.ids.append(token)

    def is_finished(self, row: GeneratedRow) -> bool:
        """Return whether a row has ended, by a stop token or by its length."""
        return len(row.ids) >= self.profile.max_new_tokens or row.ids[-1] in self.stop_ids

    def _constrain(self, logits: Tensor, row: GeneratedRow) -> None:
        """Set to -inf the logits of tokens that would end a summary too early or repeat an n-gram.

        logits  (vocabulary,)
        """
        if len(row.ids) < self.profile.min_new_tokens:
            logits[self.stop_ids] = -torch.inf
        if size := self.profile.no_repeat_ngram_size:
            banned = repeating_tokens([*row.prompt.prompt_ids, *row.ids], size)
            logits[banned] = -torch.inf

    def _sample(self, logits: Tensor, row: GeneratedRow) -> int:
        """Draw a token from the temperature, top-k and top-p of the profile.

        logits  (vocabulary,)
        """
        profile = self.profile
        logits = logits / (profile.temperature or 1.0)
        if profile.top_k:
            kept = min(profile.top_k, len(logits))
            logits = logits.masked_fill(logits < logits.topk(kept).values[-1], -torch.inf)
        if profile.top_p is not None and profile.top_p < 1.0:
            ascending, order = logits.sort()
            rare = ascending.softmax(-1).cumsum(-1) <= 1 - profile.top_p
            rare[-1] = False  # the likeliest token stays
            logits = logits.index_fill(0, order[rare], -torch.inf)
        return int(torch.multinomial(logits.softmax(-1), 1, generator=row.generator))


def repeating_tokens(ids: Sequence[int], size: int) -> list[int]:
    """Return the tokens that would repeat an n-gram of `size` tokens that the ids hold already."""
    if len(ids) + 1 < size:
        return []
    start = tuple(ids[len(ids) - size + 1 :])
    return [
        ids[at + size - 1]
        for at in range(len(ids) - size + 1)
        if tuple(ids[at : at + size - 1]) == start
    ]
