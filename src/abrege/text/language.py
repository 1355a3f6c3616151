"""Language identification of texts, and the language codes that recipes accept."""

import difflib
from collections.abc import Iterable
from functools import cache
from typing import Any

from abrege.core.errors import RecipeError
from abrege.text.tokenize import primary_language

_TWO_LETTERS = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy "
    "da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu "
    "hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb "
    "lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om "
    "or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw "
    "ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
CODES = frozenset(_TWO_LETTERS.split())
"""ISO 639-1. Codes of three letters (gcf, nds) are accepted unchecked: there are thousands."""

NAMES = {
    "arabic": "ar",
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "thai": "th",
    "turkish": "tr",
    "français": "fr",
    "anglais": "en",
}
RELATED = (
    "bs hr sr sh cnr me",
    "no nb nn da",
    "ar arb ary arz apc acm aeb ajp ars",
    "zh cmn yue wuu lzh gan hsn hak",
    "en pcm simple sco",
    "id ms zsm ind",
    "ku kmr sdh ckb",
    "uz uzs uzn",
    "fa prs pes",
    "lv ltg",
    "he iw hbo",
    "tl fil",
    "gn gug",
    "ff fuv",
    "ki kik",
    "yi ji",
)
"""Close relatives, which an identifier takes for one another: each counts as the others."""
SAMPLE_CHARACTERS = 20_000
"""How much text is read to identify the language."""
MIN_LETTERS = 12
"""For shorter texts, py3langid names rare languages."""


def check(lang: str) -> str:
    """Return a language code such as fr or pt-BR; raise RecipeError where it is none."""
    code = primary_language(lang) or ""
    if code in CODES or (code not in NAMES and len(code) == 3 and code.isalpha()):
        return lang
    near = difflib.get_close_matches(code, NAMES, n=1)
    hint = f"did you mean {NAMES[near[0]]}?" if near else "write a code such as en, fr or pt-BR."
    raise RecipeError(f"there is no language {lang!r}; {hint}")


def detect(texts: Iterable[str]) -> str | None:
    """Return the language code of texts by py3langid; None below MIN_LETTERS letters."""
    sample = ""
    for text in texts:
        sample += text[: SAMPLE_CHARACTERS - len(sample)] + "\n"
        if len(sample) >= SAMPLE_CHARACTERS:
            break
    if sum(sign.isalpha() for sign in sample) < MIN_LETTERS:
        return None
    code: str = _identifier().classify(sample)[0]
    return code


def related(lang: str) -> frozenset[str]:
    """Return the codes that count as a language: its own and those of its close relatives."""
    code = primary_language(lang) or ""
    groups = [group.split() for group in RELATED]
    return frozenset([code, *(other for group in groups if code in group for other in group)])


def is_detectable(lang: str) -> bool:
    """Return whether py3langid has a class for a language or for a close relative."""
    return not related(lang).isdisjoint(_identifier().nb_classes)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
