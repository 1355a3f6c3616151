"""What a sentence is: pysbd's rules where it knows the language, a plain rule elsewhere."""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from abrege.text import tokenize as text_words

_PYSBD = {
    *("am", "ar", "bg", "da", "de", "el", "en", "es", "fa", "fr", "hi", "hy", "it", "ja", "kk"),
    *("mr", "my", "nl", "pl", "ru", "sk", "ur", "zh"),
}
_LINE = re.compile(r"[^\r\n\u0085\u2028\u2029]+")
NEAR = 0.8  # a sentence end in the last fifth of a cut text is near enough to cut there
_WINDOW = 2000  # characters; pysbd's time grows faster than the text
_CLOSING = " \t\"'”’»)]"
_RULE = re.compile(r"[.!?…]+[\"'”’»«)\]]*\s+|[。！？｡।॥۔؟]+[”’」』）]*\s*")


def split_sentences(text: str, lang: str | None = None) -> list[str]:
    """Cut a text into sentences, without the white space around them.

    The end of a line ends a sentence. Nothing else is lost: put together, the sentences are the
    text but for white space.
    """
    cut = (text[start:end].strip() for start, end in sentence_spans(text, lang))
    return [sentence for sentence in cut if sentence]


def sentence_spans(text: str, lang: str | None = None) -> Iterator[tuple[int, int]]:
    """Yield where each sentence starts and ends, reading no further than it is asked for."""
    starts_of = _splitter(text_words.primary_language(lang))
    for line in _LINE.finditer(text):
        start, end, size = line.start(), line.end(), _WINDOW
        while start < end:
            stop = min(end, start + size)
            starts = [start + s for s in starts_of(text[start:stop])]
            if stop == end:
                yield from zip(starts, [*starts[1:], end], strict=True)
            elif len(starts) == 1:  # a sentence longer than the window
                size *= 2
                continue
            else:  # the last one may go on after the window
                yield from pairwise(starts)
            start, size = (end if stop == end else starts[-1]), _WINDOW


def first_sentences(text: str, *, words: int, lang: str | None = None) -> str:
    """Give whole sentences from the start of a text, about `words` words of them.

    At least one; the next is added only while it brings the count nearer to `words`.
    """
    total, cut = 0, 0
    for start, end in sentence_spans(text, lang):
        more = text_words.count_words(text[start:end], lang)
        if total and more and abs(total + more - words) >= abs(total - words):
            break
        total, cut = total + more, end
    return text[:cut].strip()


def trim_to_sentence(text: str, lang: str | None) -> str:
    """Shorten a cut text to its last whole sentence where that end is near, else leave it."""
    parts = split_sentences(text, lang)
    if len(parts) < 2:
        return text
    end = text.rindex(parts[-1])
    return text[:end].rstrip() if end >= NEAR * len(text) else text


def splitter_name(lang: str | None) -> str:
    """Name what cuts sentences of a language, with its version, for signatures."""
    return f"pysbd-{version('pysbd')}" if text_words.primary_language(lang) in _PYSBD else "rule"


@cache
def _splitter(code: str | None) -> Callable[[str], list[int]]:
    if code not in _PYSBD:
        return _by_rule
    with warnings.catch_warnings():
        # Its source has escapes that Python warns of, when it is first compiled.
        warnings.simplefilter("ignore")
        import pysbd
    segmenter = pysbd.Segmenter(language=code, clean=False)
    ends = "".join(segmenter.language_module.Punctuations)

    def starts(line: str) -> list[int]:
        inner = line.rstrip(_CLOSING + ends)
        return _by_pysbd(line, segmenter) if any(e in inner for e in ends) else [0]

    return starts


def _by_pysbd(line: str, segmenter: Any) -> list[int]:
    """Give where pysbd's sentences start in a line.

    Only starts are taken from it: `segment` itself drops what it cannot find again in the text.
    """
    starts, cursor = [0], 0
    for sentence in segmenter.processor(line).process():
        found = line.find(sentence.strip(), cursor)
        if found > starts[-1] and line[:found].strip():
            starts.append(found)
        if found >= 0:
            cursor = found + len(sentence.strip())
    return starts


def _by_rule(line: str) -> list[int]:
    """End a sentence at its sign, unless the next word starts in lower case (`approx. ten`)."""
    ends = (match.end() for match in _RULE.finditer(line))
    return [0, *(end for end in ends if end < len(line) and not line[end].islower())]
