"""Checks of the form of a summary: repetition, preamble, markup, language, verbatim copies.

Words are those of `text.tokenize`. Languages without spaces between words are not supported;
the caller has to refuse them.
"""

import re
from typing import Literal

from abrege.text.language import detect, is_detectable, related
from abrege.text.ngrams import count_ngrams, ngrams, word_ids
from abrege.text.sentences import sentence_spans
from abrege.text.tokenize import word_tokenize

# Accuracy of py3langid 0.4.0 on references truncated to so many letters, French (4,600 of
# OrangeSum) and English (16,000 of DialogSum and SciTLDR): 20 letters 96.4 and 90.4 %, 30 letters
# 99.1 and 99.0 %, 40 letters 99.8 and 99.8 %.
MIN_LETTERS = 40
"""The language of a shorter text is not identified."""

_OPENER = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|ok(?:ay)?|al(?:l )?right|got it|great"
    r"|understood|yes|no problem|gladly|as (?:you )?requested|bien sûr|bien entendu|certainement"
    r"|d['’]accord|avec plaisir|volontiers|absolument|oui|très bien|parfait|comme demandé)"
)
_REST = r"(?:[^.!?:\n]|(?<=\b[MD]r)\.|\.(?=\w)){0,100}"
_END = r"[*_]*\s*(?::|[.!]?(?=[^\S\n]*\n))[*_]*"
"""A colon or the end of the line, with the signs of bold around it."""
_MODIFIERS = r"(?:[\w'’/-]+[^\S\n]+){0,6}?"

_TEXT_EN = (
    r"(?:text|article|passage|document|dialog(?:ue)?|conversation|paper|story|report|abstract|news"
    r"|email|transcript|discussion|paragraph|(?:key|main) points)"
)
_TEXT_FR = (
    r"(?:texte|article|passage|document|dialogue|conversation|discussion|échange|histoire|rapport"
    r"|extrait|paragraphe)"
)

_HERE_EN = (
    r"(?:here(?:['’]s| is| are)|(?:below|the following) (?:is|are)) (?:(?:an?|the|your|my|some|two"
    r"|three|four|five|\d+) "
    rf"{_MODIFIERS})?(?:summar(?:y|ies)|summari[sz]ed|synopsis|overview|recap|breakdown|tl;?dr|gist"
    r"|(?:key|main|bullet) (?:points?|takeaways?|ideas?)|(?:short(?:er)?|brief|condensed"
    r"|summari[sz]ed) version|summari[sz]ing (?:the|this|your) \w+"
    r"|(?:in|to|into) (?:an?|one|two|three|four|five|\d+) (?:\w+ )?"
    r"(?:sentences?|words|lines|paragraphs?))"
    r"(?:\s*[,(]?\s*\b(?:of|in|for|from|with|that|you|based|about|on|below|as|and|using)\b"
    rf"{_REST})?{_END}"
)
_HERE_FR = (
    r"(?:voici|voilà|(?:vous trouverez )?ci-dessous,?(?: se trouve| figure)?|ceci est) (?:donc )?"
    rf"(?:en \w+ \w+,? )?(?:(?:une?|les?|la|des|mon|ma|mes|votre|vos|l['’]) ?{_MODIFIERS})?"
    r"(?:résumée?s?|synthèse|synopsis|condensée?|abrégée?|récapitulatif|aperçu"
    r"|(?:points?|idées?) (?:clés?|princip\w+|essentiels)|grandes lignes|version courte"
    r"|en (?:une|deux|trois|quelques|\d+) (?:phrases?|mots|lignes))"
    rf"\b{_REST}{_END}"
)
_LABEL_EN = (
    r"(?:(?:the|my|an?|your|this is an?|this is the|in) )?"
    r"(?:(?:brief|short|concise|quick|final|executive|overall|one-sentence|text|article"
    r"|conversation|dialogue|document) ){0,2}"
    r"(?:summary|synopsis|overview|recap|abstract|(?:key|main) (?:points|takeaways)"
    r"|summari[sz]ed (?:text|article|version)"
    r"|to summari[sz]e|to sum up)"
    rf"(?: (?:of|for) (?:(?:the|this|your) )?(?:\w+ ){{0,2}}?{_TEXT_EN}"
    rf"(?:,? (?:about|on|between|from|by|in|above|below|titled)\b{_REST})?)?"
    r"(?: (?:is|are)(?: as follows)?)?(?: ?\([^()\n]{1,40}\))?"
)
_LABEL_FR = (
    r"(?:(?:le|mon|un|votre|en) )?(?:(?:bref|court|petit) )?"
    r"(?:résumé|synthèse|récapitulatif|synopsis|points clés|pour résumer)"
    r"(?: (?:court|bref|concis|succinct|détaillé|en français|en \w+ (?:phrases?|points|mots)))?"
    rf"(?: (?:du|de la|de l['’]|de cet?|de cette|de votre|d['’]un) ?{_TEXT_FR}"
    rf"(?: (?:sur|entre|de|d['’]|en|par|ci-dess\w+){_REST})?)?(?: est)?(?: ?\([^()\n]{{1,40}}\))?"
)
_PREAMBLE_PARTS = (
    _HERE_EN,
    _HERE_FR,
    rf"(?:{_LABEL_EN}|{_LABEL_FR})(?:{_END}|\s+[–—-](?=\s))",
    r"tl;?dr\b[*_]*\s*[:,–—-]?[*_]*",
    r"(?:sure(?: thing)?|certainly|of course|no problem|bien sûr|certainement|avec plaisir)\s*!",
    r"(?:I(?:['’](?:d|ll) be|['’]m| am) (?:happy|glad) to|(?:sure|certainly|of course)[,!] I can)"
    r" (?:help|assist|summari[sz]e|provide)[^.!:\n]{0,80}[.!:]",
    r"here (?:you go|it is)\s*[:!]",
    r"je (?:serais|suis|serai) (?:ravie?|heureu(?:x|se)) de (?:vous )?(?:aider|résumer)"
    r"[^.!:\n]{0,80}[.!:]",
    r"(?:I['’]ve|I have|I['’]ll|I will|let me) (?:\w+ )?(?:summari[sz]ed?|condensed?)\b"
    rf"{_REST}:",
    rf"(?:this|the) (?:\w+ )?{_TEXT_EN} can be (?:summari[sz]ed|condensed)\b{_REST}:",
    rf"(?:ce|cet|cette|le|la|l['’]) ?{_TEXT_FR} peut (?:être|se) résum(?:ée?|er)\b{_REST}:",
    rf"(?:j['’]ai|je vais|je vous ai) (?:\w+ )?(?:résum|synthétis)(?:é|er)\b{_REST}:",
)
_PREAMBLE = re.compile(
    rf"(?:[\s#*_>]*(?:{_OPENER}\s*[,.!:–—-]\s*){{0,2}}(?:{'|'.join(_PREAMBLE_PARTS)}))+",
    re.IGNORECASE,
)

_VOID = "br|hr|img"
_TAGS = rf"p|b|i|u|em|strong|div|span|a|ul|ol|li|h[1-6]|table|tr|td|sub|sup|pre|code|{_VOID}"
CONTROL = re.compile(
    r"<[|｜][^<>|｜\s]+[|｜]>|</?s>|<(?:unk|pad|bos|eos|n)>|<(?:start|end)_of_turn>"
    r"|\[/?INST\]|<</?SYS>>|</?think>|<0x[0-9A-F]{2}>"
    r"|\[(?:PAD|CLS|SEP|MASK|UNK|BOS|EOS|EOT)\]|<(?:S_SEP|sep|cls|mask|eot|extra_id_\d+)>"
)
"""Special tokens of models that stand in a text as words."""
_MARKUP = {
    "quotes": re.compile(
        r"\"[^\"]+\"|“[^“”]+”|«[^«»]+»|„[^„“”]+[“”]|‘(?:[^‘’]|(?<=\w)’(?=\w))+’"
        r"|'(?:[^']|(?<=\w)'(?=\w))+'"
    ),
    "heading": re.compile(r"^ {0,3}#{1,6}\s+\S", re.MULTILINE),
    "bullets": re.compile(
        r"^[^\S\n]*(?:[-*•+] +\S|1[.)] .*\n(?:(?!\s*1[.)] ).*\n)*?[^\S\n]*2[.)] )", re.MULTILINE
    ),
    "bold": re.compile(
        r"(?<![A-Za-z0-9])(?:\*\*(?=\S)[^*\n]+(?<=\S)\*\*"
        r"|__[^\W_][^_\n]* [^_\n]*(?<=\S)__)(?![A-Za-z0-9])"
    ),
    "link": re.compile(r"\[[^\[\]\n]+\]\([^()\s]*[/.#:][^()\s]*\)"),
    "code": re.compile("```"),
    "control": CONTROL,
    "html": re.compile(
        rf"</(?!(?:s|think)>)[a-z][\w-]*\s*>|<(?:{_TAGS})(?:\s+[\w-]+=[^<>]*)?\s*/?>"
        r"|&(?:[a-z]{2,8}|#\d{1,6});",
        re.IGNORECASE,
    ),
}
_WHOLE_TEXT = {"quotes"}  # a quotation inside a summary is ordinary


def repeated_ngrams(summary: str, *, n: int = 3, lang: str | None = None) -> float:
    """Return the share of a summary's n-grams that occurred before in it; 0 without n-grams."""
    [words] = word_ids(word_tokenize(summary, lang))
    total = count_ngrams(words, n)
    return 1 - len(set(ngrams(words, n))) / total if total else 0.0


def find_preamble(summary: str) -> str | None:
    """Return what a model writes before its summary, such as `Sure! Here's a summary:`, or None.

    English and French patterns apply whatever the language of the summary: a model that is
    prompted in French often writes it in English. Only text that announces a summary matches, and
    a colon or the end of the line must close it, so that `Here is where they met.` does not.
    """
    match = _PREAMBLE.match(summary)
    return match.group().strip() if match else None


def find_markup(summary: str) -> tuple[str, ...]:
    """Return the kinds of markup in a summary.

    quotes    quotation marks around the whole text
    heading   Markdown's # signs
    bullets   lines that begin with a sign, or with 1. and 2.
    bold      **words**, __two words__
    link      [text](address)
    code      a code fence
    control   a token of a chat template or a tokenizer, such as <|im_end|>, </s> or [INST]
    html      tags and entities
    """
    text = summary.strip()
    return tuple(
        kind
        for kind, pattern in _MARKUP.items()
        if (pattern.fullmatch(text.rstrip(".")) if kind in _WHOLE_TEXT else pattern.search(text))
    )


def is_in_language(summary: str, lang: str | None) -> bool | None:
    """Return whether a summary is in a language; None where that cannot be decided.

    It cannot be decided below MIN_LETTERS letters, where `lang` is None, or where py3langid has
    no class for it. Close relatives count as the language: half of the English that py3langid
    misses is pcm to it.
    """
    if lang is None or sum(sign.isalpha() for sign in summary) < MIN_LETTERS:
        return None
    return detect([summary]) in related(lang) if is_detectable(lang) else None


def compression(document: str, summary: str, *, lang: str | None = None) -> float | None:
    """Return the words of a document per word of its summary; None where it has no word.

    Grusky, Naaman and Artzi 2018, section 4.
    """
    summary_words = len(word_tokenize(summary, lang))
    return len(word_tokenize(document, lang)) / summary_words if summary_words else None


def copied_as(
    document: str, summary: str, *, lang: str | None = None
) -> Literal["sentence", "run"] | None:
    """Return how a summary is copied from its document word for word; None where it is not.

    `sentence` where it is one sentence of the document, `run` where its words follow each other
    there in any other way. Punctuation and case do not count, as in `text.tokenize`.
    """
    words = word_tokenize(summary, lang)
    if not words or f" {' '.join(words)} " not in f" {' '.join(word_tokenize(document, lang))} ":
        return None
    is_sentence = any(
        word_tokenize(document[start:end], lang) == words
        for start, end in sentence_spans(document, lang)
    )
    return "sentence" if is_sentence else "run"
