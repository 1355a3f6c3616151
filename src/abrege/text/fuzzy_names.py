"""Whether two words can name the same: a plural, a people and its country, a slip of spelling."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

_BELONGING = re.compile("(?:i?an|ese|ish|ic|ite|i?enn?e?|ain|aine|aise?|oise?|ole?|iste)s?$")
_PEOPLES = (
    "english england britain british uk|french france|spanish spain|german germany|asian asia"
    "|swiss switzerland|dutch holland netherlands|greek greece|danish denmark|polish poland"
    "|american america us usa states|scottish scotland|irish ireland|welsh wales|iraqi iraq"
    "|anglais anglaise angleterre|allemand allemande allemagne|grec grecque grece|turc turquie"
    "|americain americaine amerique etats usa us|russe russie|belge belgique|danois danemark"
    "|britannique bretagne royaume|neerlandais bas|arabe arabie"
    "|internet web|tv television|mom mum mother|dad father"
)
_GROUPS = [frozenset(group.split()) for group in _PEOPLES.split("|")]


@lru_cache(maxsize=65536)
def is_same_name(word: str, other: str) -> bool:
    """Tell whether two folded words can name the same.

    `gans` and `gan`; `italian`, `italy`, `thaïlandais` and `thaïlande` by their endings; `english`
    and `england` from a short list; and words of five letters or so that differ in one letter
    or in the order of two (`Chloe`, `Chole`), since a slip of spelling invents nobody.
    """
    if word == other or word.removesuffix("s") == other.removesuffix("s"):
        return True
    if not (word.isalpha() and other.isalpha()):
        return False
    if any(word in group and other in group for group in _GROUPS):
        return True
    if (_BELONGING.search(word) or _BELONGING.search(other)) and _place(word) & _place(other):
        return True
    short, long = sorted((len(word), len(other)))
    if short < (4 if word[:1] == other[:1] else 6) or long < 5:
        return False
    return OSA.distance(word, other, score_cutoff=1) <= 1


def _place(word: str) -> set[str]:
    """Give what may be the name of a place without its ending, four letters or more of it."""
    bare = word.removesuffix("s")
    stems = {_BELONGING.sub("", word).rstrip("aeiouy"), bare.rstrip("aeiouy")}
    return {stem for stem in stems if len(stem) > 3}
