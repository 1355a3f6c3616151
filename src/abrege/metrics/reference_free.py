"""The families of metrics that read a summary, and some its document, but no reference."""

from collections.abc import Callable, Mapping, Sequence

import abrege
from abrege.core.types import EvaluationRow
from abrege.metrics import extractiveness, faithfulness, format_checks, length
from abrege.metrics.family import (
    MeanAggregator,
    RowwiseFamily,
    ScoringOptions,
    Statistics,
    document_of,
    value_and_weight,
)
from abrege.text.tokenize import primary_language


class _MeanFamily(RowwiseFamily):
    """Base of the families whose metrics are means over the rows with a value."""

    def __init__(self, metrics: Sequence[str], options: ScoringOptions) -> None:
        self.lang = options.lang
        self.aggregators = {
            metric: MeanAggregator(_signer(metric, self.lang)) for metric in metrics
        }


class FormatFamily(_MeanFamily):
    """The form of a summary: its end, repetition, preamble, markup and language."""

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return each value, with the weight 1 where it is defined."""
        text, lang = row.prediction, self.lang
        checks: Mapping[str, Callable[[], float | None]] = {
            "stop_rate": lambda: length.is_finished(row.finish_reason),
            "repeated": lambda: format_checks.repeated_ngrams(text, lang=lang),
            "preamble": lambda: format_checks.find_preamble(text) is not None,
            "markup": lambda: bool(format_checks.find_markup(text)),
            "in_language": lambda: format_checks.is_in_language(text, lang),
        }
        return {metric: value_and_weight(checks[metric]()) for metric in self.aggregators}


class ExtractionFamily(_MeanFamily):
    """How much of a summary is copied from its document."""

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return each value, with the weight 1 where it is defined."""
        document = document_of(row, next(iter(self.aggregators)))
        text, lang = row.prediction, self.lang
        values: dict[str, float | None] = {}
        if {"coverage", "density"} & {*self.aggregators}:
            fragments = extractiveness.fragments(document, text, lang=lang)
            values |= {"coverage": fragments.coverage, "density": fragments.density}
        sizes = [n for n in extractiveness.NGRAM_SIZES if f"novel{n}" in self.aggregators]
        novel = extractiveness.novel_ngrams(document, text, sizes=sizes, lang=lang)
        values |= {f"novel{n}": share for n, share in novel.items()}
        if "copied" in self.aggregators:
            values["copied"] = format_checks.copied_as(document, text, lang=lang) is not None
        if "compression" in self.aggregators:
            values["compression"] = format_checks.compression(document, text, lang=lang)
        return {metric: value_and_weight(values[metric]) for metric in self.aggregators}


class FaithfulnessFamily(_MeanFamily):
    """Numbers, dates, names and quotations that the document does not support."""

    def statistics(self, row: EvaluationRow) -> Statistics:
        """Return whether any fact is unsupported and 1, and how many of how many facts are."""
        document = document_of(row, next(iter(self.aggregators)))
        facts = faithfulness.extract_facts(document, row.prediction, lang=self.lang)
        unsupported = sum(not fact.supported for fact in facts)
        values = {
            "unsupported": (float(unsupported > 0), 1.0),
            "unsupported_facts": (float(unsupported), float(len(facts))),
        }
        return {metric: values[metric] for metric in self.aggregators}


def _signer(metric: str, lang: str | None) -> Callable[[], str]:
    settings = {
        "stop_rate": "",
        "repeated": "words:unicode|n:3",
        "preamble": "langs:en,fr",
        "markup": "",
        "in_language": f"py3langid|letters:{format_checks.MIN_LETTERS}",
        "unsupported": _fact_kinds(lang),
        "unsupported_facts": _fact_kinds(lang),
    }.get(metric, "words:unicode")
    version, language = f"abrege-{abrege.__version__}", f"lang:{lang or 'und'}"
    return lambda: "|".join(filter(None, [metric, version, settings, language]))


def _fact_kinds(lang: str | None) -> str:
    known = primary_language(lang) in ("en", "fr")
    return "facts:number,date,name,quote" if known else "facts:number,quote"
