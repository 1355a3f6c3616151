"""The middle of a very long text: small news, made from a number."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.text import tokenize as words

_WORDS = 5400
_HOW_MANY = 10_000


@dataclass(frozen=True)
class Filler:
    """As many long texts as are ever needed, each made when it is asked for."""

    lang: str
    paragraphs: Sequence[str]
    people: Sequence[str]
    places: Sequence[str]
    things: Sequence[str]
    days: Sequence[str]

    def __len__(self) -> int:
        """Count the texts."""
        return _HOW_MANY

    def __getitem__(self, number: int, /) -> str:
        """Make a text of 5,400 words or a little more; all paragraphs come by turns."""
        rng = random.Random(f"filler/{number}")
        made: list[str] = []
        length, turn = 0, list[str]()
        while length < _WORDS:
            turn = turn or rng.sample(self.paragraphs, len(self.paragraphs))
            paragraph = turn.pop().format(
                who=rng.choice(self.people),
                where=rng.choice(self.places),
                thing=rng.choice(self.things),
                day=rng.choice(self.days),
                n=rng.randrange(6, 48),
            )
            paragraph = paragraph[0].upper() + paragraph[1:]
            made.append(paragraph)
            length += words.count_words(paragraph, self.lang)
        return "\n\n".join(made)
