"""Whether two words can name the same: plurals, peoples and countries, spelling errors."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

_DEMONYM_ENDING = re.compile("(?:i?an|ese|ish|ic|ite|i?enn?e?|ain|aine|aise?|oise?|ole?|iste)s?$")
_SAME_NAMES = (
    "english england britain british uk|french france|spanish spain|german germany|asian asia"
    "|swiss switzerland|dutch holland netherlands|greek greece|danish denmark|polish poland"
    "|american america us usa states|scottish scotland|irish ireland|welsh wales|iraqi iraq"
    "|anglais anglaise angleterre|allemand allemande allemagne|grec grecque grece|turc turquie"
    "|americain americaine amerique etats usa us|russe russie|belge belgique|danois danemark"
    "|britannique bretagne royaume|neerlandais bas|arabe arabie"
    "|internet web|tv television|mom mum mother|dad father"
)
_GROUPS = [frozenset(group.split()) for group in _SAME_NAMES.split("|")]


@lru_cache(maxsize=65536)
def is_same_name(word: str, other: str) -> bool:
    """Return whether two folded words can name the same.

    `gans` and `gan`; `italian`, `italy`, `thaïlandais` and `thaïlande` by their endings; `english`
    and `england` from a short list; and words of about five letters or more that differ in one
    letter or in the order of two (`Chloe`, `Chole`): a spelling error invents nobody.
    """
    if word == other or word.removesuffix("s") == other.removesuffix("s"):
        return True
    if not (word.isalpha() and other.isalpha()):
        return False
    if any(word in group and other in group for group in _GROUPS):
        return True
    if (_DEMONYM_ENDING.search(word) or _DEMONYM_ENDING.search(other)) and _stems(word) & _stems(
        other
    ):
        return True
    shorter, longer = sorted((len(word), len(other)))
    if shorter < (4 if word[:1] == other[:1] else 6) or longer < 5:
        return False
    return OSA.distance(word, other, score_cutoff=1) <= 1


def _stems(word: str) -> set[str]:
    """Return what may be the name of a country without its ending, of at least four letters."""
    bare = word.removesuffix("s")
    stems = {_DEMONYM_ENDING.sub("", word).rstrip("aeiouy"), bare.rstrip("aeiouy")}
    return {stem for stem in stems if len(stem) > 3}
