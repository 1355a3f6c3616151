"""Guess the encoding of a line that is not UTF-8, to show a person what it would read.

charset-normalizer 3.5 takes short French and Spanish lines of Windows-1252 for cp1250 and cp1257
(docs/decisions.md), so the expected letters of each encoding are compared here.
"""

MIN_HIGH_BYTES = 0.5
"""Share of bytes above ASCII from which a line may be in an encoding of East Asia."""

_WESTERN = "éèêëàâäáãåçîïíìôöóòõøùûüúñßæœ" + "‘’“”«»„…–—€£§°¿¡ªº·\u00a0"
_CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžőűöüäôľĺŕăâîșțşţđ" + "‘’“”«»„…–—€\u00a0"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ" + "«»„“”…–—№\u00a0"
_GREEK = "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋ" + "‘’“”«»…–—\u00a0"
_HEBREW = "אבגדהוזחטיךכלםמןנסעףפץצקרשת" + "‘’“”…–—₪\u00a0"
_ARABIC = "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًَُِ" + "،؛؟…–—\u00a0"
EXPECTED = {
    "cp1252": _WESTERN,
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
    "cp1250": _CENTRAL,
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "cp1253": _GREEK,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
}
"""Non-ASCII characters of most texts in an encoding, in lower case; of equals, the first wins."""
LATIN = (_WESTERN, _CENTRAL)
MAX_ACCENTED = 0.75
"""Share of letters; no language in Latin letters has as many accents."""
COMMON_LEADS = {"euc_kr": (0xB0, 0xC8), "gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}
"""Bytes that begin the common characters of an encoding, in its order of frequency."""
JAPANESE = ("shift_jis", "euc_jp")


def likely_encoding(raw: bytes) -> str:
    """Return the encoding in which a line most likely is words, latin-1 if in none."""
    scores = {name: _expected_share(raw, name, letters) for name, letters in EXPECTED.items()}
    high = sum(byte > 127 for byte in raw) / max(1, len(raw.translate(None, b' \t\r\n,;"')))
    if high >= MIN_HIGH_BYTES:
        scores |= {name: _kana_score(raw, name) for name in JAPANESE}
        scores |= {name: _common_lead_share(raw, name) for name in COMMON_LEADS}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else "latin-1"


def _expected_share(raw: bytes, encoding: str, expected: str) -> float:
    """Return the share of expected characters.

    Capitals within words count by half, and letters of another script beside Latin ones not at all.
    """
    text = f" {_decode(raw, encoding)} "
    signs = [at for at, sign in enumerate(text) if not sign.isascii()]
    if expected not in LATIN:
        beside_latin = [at for at in signs if _is_latin(text[at - 1]) or _is_latin(text[at + 1])]
        return _score(text, [at for at in signs if at not in beside_latin], expected, len(signs))
    letters = sum(sign.isalpha() for sign in text)
    score = _score(text, signs, expected, len(signs))
    return score / 2 if len(signs) > MAX_ACCENTED * letters else score


def _score(text: str, signs: list[int], expected: str, count: int) -> float:
    score = sum(
        0.5 if text[at].isupper() and text[at - 1].isalpha() else 1.0
        for at in signs
        if text[at].lower() in expected
    )
    return score / max(1, count)


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()


def _kana_score(raw: bytes, encoding: str) -> float:
    """Return the share of kana, twice, since half of a Japanese text are Chinese characters."""
    signs = [sign for sign in _decode(raw, encoding) if not sign.isascii()]
    kana = sum("\u3040" <= sign <= "\u30ff" for sign in signs)
    half_width = sum("\uff61" <= sign <= "\uff9f" for sign in signs)
    return (min(len(signs), 2 * kana) - half_width) / max(1, len(signs))


def _common_lead_share(raw: bytes, encoding: str) -> float:
    if not _decode(raw, encoding):
        return 0.0
    low, high = COMMON_LEADS[encoding]
    leads = _lead_bytes(raw)
    return sum(low <= byte <= high for byte in leads) / max(1, len(leads))


def _decode(raw: bytes, encoding: str) -> str:
    """Return the text, empty where the bytes are not valid in the encoding."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _lead_bytes(raw: bytes) -> list[int]:
    """Return the first byte of each pair above ASCII, without punctuation (0xA1 to 0xA3)."""
    leads, position = [], 0
    while position < len(raw) - 1:
        if raw[position] > 127:
            if not 0xA1 <= raw[position] <= 0xA3:
                leads.append(raw[position])
            position += 1
        position += 1
    return leads
