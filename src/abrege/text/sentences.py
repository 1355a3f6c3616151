"""Split text into sentences: by pysbd where it has the language, by a plain rule elsewhere."""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import Any

from abrege.text.tokenize import count_words, primary_language

_PYSBD = {
    *("am", "ar", "bg", "da", "de", "el", "en", "es", "fa", "fr", "hi", "hy", "it", "ja", "kk"),
    *("mr", "my", "nl", "pl", "ru", "sk", "ur", "zh"),
}
_LINE = re.compile(r"[^\r\n\u0085\u2028\u2029]+")
MIN_SHARE = 0.8
"""A truncated text is trimmed to a sentence end in its last fifth, not to an earlier one."""
_WINDOW = 2000  # characters; pysbd's time grows faster than the text
_CLOSING_SIGNS = " \t\"'”’»)]"
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»«)\]]*\s+|[。！？｡।॥۔؟]+[”’」』）]*\s*")


def split_sentences(text: str, lang: str | None = None) -> list[str]:
    """Split a text into sentences, without the white space around them.

    The end of a line ends a sentence. Joined, the sentences are the text but for white space.
    """
    stripped = (text[start:end].strip() for start, end in sentence_spans(text, lang))
    return [sentence for sentence in stripped if sentence]


def sentence_spans(text: str, lang: str | None = None) -> Iterator[tuple[int, int]]:
    """Yield where each sentence starts and ends, without reading far beyond the last one taken."""
    starts_of = _splitter(primary_language(lang))
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
            else:  # the last one may continue after the window
                yield from pairwise(starts)
            start, size = (end if stop == end else starts[-1]), _WINDOW


def first_sentences(text: str, *, words: int, lang: str | None = None) -> str:
    """Return the first sentences of a text, about `words` words of them.

    There is at least one; the next is added only while it brings the count nearer to `words`.
    """
    total, stop = 0, 0
    for start, end in sentence_spans(text, lang):
        more = count_words(text[start:end], lang)
        if total and more and abs(total + more - words) >= abs(total - words):
            break
        total, stop = total + more, end
    return text[:stop].strip()


def trim_to_sentence(text: str, lang: str | None) -> str:
    """Trim a truncated text to its last complete sentence where little is lost, else return it."""
    parts = split_sentences(text, lang)
    if len(parts) < 2:
        return text
    end = text.rindex(parts[-1])
    return text[:end].rstrip() if end >= MIN_SHARE * len(text) else text


def splitter_name(lang: str | None) -> str:
    """Return which splitter a language has, with its version, for signatures."""
    return f"pysbd-{version('pysbd')}" if primary_language(lang) in _PYSBD else "rule"


@cache
def _splitter(code: str | None) -> Callable[[str], list[int]]:
    if code not in _PYSBD:
        return _rule_starts
    with warnings.catch_warnings():
        # Python warns of escapes in the source of pysbd when it is first compiled.
        warnings.simplefilter("ignore")
        import pysbd
    segmenter = pysbd.Segmenter(language=code, clean=False)
    ends = "".join(segmenter.language_module.Punctuations)

    def starts(line: str) -> list[int]:
        inner = line.rstrip(_CLOSING_SIGNS + ends)
        return _pysbd_starts(line, segmenter) if any(e in inner for e in ends) else [0]

    return starts


def _pysbd_starts(line: str, segmenter: Any) -> list[int]:
    """Return where pysbd's sentences start in a line.

    Only the starts are used: `segment` itself drops what it cannot find again in the text.
    """
    starts, cursor = [0], 0
    for sentence in segmenter.processor(line).process():
        start = line.find(sentence.strip(), cursor)
        if start > starts[-1] and line[:start].strip():
            starts.append(start)
        if start >= 0:
            cursor = start + len(sentence.strip())
    return starts


def _rule_starts(line: str) -> list[int]:
    """Split after a full stop or the like, but not before lower case (`approx. ten`)."""
    ends = (match.end() for match in _SENTENCE_END.finditer(line))
    return [0, *(end for end in ends if end < len(line) and not line[end].islower())]
