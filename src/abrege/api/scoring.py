"""Score and compare summaries from Python: `score`, `compare` and `rouge`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan
from typing import Any

from abrege.core.errors import DataError
from abrege.evaluation import scoring
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.evaluation.scoring import candidates_from_texts, describe_comparisons
from abrege.metrics import rouge as rouge_metric
from abrege.metrics.family import ScoringOptions
from abrege.metrics.registry import DEFAULT, METRICS, parse_metrics
from abrege.metrics.rouge_profiles import FScore
from abrege.metrics.significance import Resampling
from abrege.report import html, terminal
from abrege.report.command_tables import score_table
from abrege.report.comparison_tables import comparison_table
from abrege.report.table import Table
from abrege.text import language, wordnet

References = Sequence[str | Sequence[str]]
"""A reference for each row, or several."""


@dataclass(frozen=True)
class MetricScore:
    """The score of one metric over all rows, stored as the run folder has it: ROUGE from 0 to 1.

    value      the mean of the rows, or the score of the corpus (BLEU, chrF); None if undefined
    low, high  the confidence interval; None with fewer than two groups
    signature  implementation, version, words, language, stemmer, reference rule, n, resampling
    parts      further values, such as precision and recall
    """

    value: float | None
    low: float | None
    high: float | None
    signature: str
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Scores(Mapping[str, MetricScore]):
    """The scores of one system by metric; a notebook draws them as a table."""

    by_metric: Mapping[str, Mapping[str, Any]]
    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    """Each row's id and scores; None where a metric is undefined for the row."""
    caption: str = ""

    def __getitem__(self, metric: str) -> MetricScore:
        values = dict(self.by_metric[metric])
        known = {key: values.pop(key) for key in ("value", "low", "high", "signature")}
        return MetricScore(**known, parts=values)

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_metric)

    def __len__(self) -> int:
        return len(self.by_metric)

    def table(self) -> Table:
        """Return the scores as a table, one line per metric."""
        return score_table(self.caption, self.by_metric, {})

    def __str__(self) -> str:
        return terminal.render_table(self.table())

    def _repr_html_(self) -> str:
        return html.render_table(self.table())


@dataclass(frozen=True)
class Comparison:
    """Paired tests of system b against system a; a notebook draws them as a table.

    tests    one mapping a metric: difference (b − a), low, high, p, p_holm, wins, ties, losses (of
             b), detectable (the minimum detectable effect), outcome, signature
    verdict  the outcomes in sentences
    """

    tests: Sequence[Mapping[str, Any]]
    a: Scores
    b: Scores

    @property
    def verdict(self) -> str:
        """Return the outcomes in sentences: better, worse or no detectable difference."""
        return " ".join(describe_comparisons(self.tests))

    def table(self) -> Table:
        """Return the tests as a table, one line per metric."""
        return comparison_table(self.tests, {"a": self.a.by_metric, "b": self.b.by_metric})

    def __str__(self) -> str:
        return f"{terminal.render_table(self.table())}\n\n{self.verdict}"

    def _repr_html_(self) -> str:
        return html.render_table(self.table())


def score(
    predictions: Sequence[str],
    references: References,
    documents: Sequence[str] | None = None,
    lang: str | None = None,
    metrics: str | Sequence[str] = DEFAULT,
    *,
    groups: Sequence[str] | None = None,
    profile: str = "abrege",
    stemmer: bool = False,
    references_rule: rouge_metric.ReferencesRule = "max",
    sentence_separator: str | None = None,
    bootstrap_samples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Scores:
    """Score summaries against references, as `abrege score` does.

    predictions  one per row
    references   one per row, or several
    documents    needed by metrics of faithfulness and extraction
    lang         such as en or fr; default: detected in the references
    metrics      names of docs/commands.md, or rouge, form, extraction, faithfulness, all
    groups       rows of one group (a paper, a dialogue) are resampled together
    sentence_separator  a mark that ends a sentence in both, such as <q>

    Raise DataError if the columns differ in length, RecipeError for a metric that does not exist or
    that needs a model or documents.

    >>> scores = score(["the cat sat"], ["the cat ran"], lang="en", metrics="rouge1")
    >>> round(scores["rouge1"].value, 3)
    0.667
    """
    rows = candidates_from_texts(predictions, references, documents, groups)
    options = _options(lang, profile, stemmer, references_rule, sentence_separator)
    request = _request(metrics, options, has_documents=documents is not None)
    tables = scoring.score({"predictions": rows}, request)
    return _scores(tables["predictions"], Resampling(bootstrap_samples, confidence, seed))


def compare(
    a: Sequence[str],
    b: Sequence[str],
    references: References,
    documents: Sequence[str] | None = None,
    lang: str | None = None,
    metrics: str | Sequence[str] = "rouge",
    *,
    groups: Sequence[str] | None = None,
    profile: str = "abrege",
    stemmer: bool = False,
    references_rule: rouge_metric.ReferencesRule = "max",
    sentence_separator: str | None = None,
    bootstrap_samples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Test whether the summaries b are better than a on the same rows, as `abrege compare` does.

    The tests are paired and two-sided over groups; Holm's correction covers all metrics. See
    `score` for the other parameters and the errors.

    >>> result = compare(["a cat"] * 12, ["the cat sat"] * 12, ["the cat sat"] * 12, lang="en")
    >>> result.tests[0]["outcome"]
    'better'
    """
    options = _options(lang, profile, stemmer, references_rule, sentence_separator)
    request = _request(metrics, options, has_documents=documents is not None)
    systems = {
        name: candidates_from_texts(predictions, references, documents, groups)
        for name, predictions in (("a", a), ("b", b))
    }
    tables = scoring.score(systems, request)
    resampling = Resampling(bootstrap_samples, confidence, seed)
    tests = scoring.compare(tables, resampling)
    return Comparison(tests, *(_scores(tables[name], resampling) for name in ("a", "b")))


def rouge(
    prediction: str,
    references: str | Sequence[str],
    lang: str | None = None,
    *,
    profile: str = "abrege",
    stemmer: bool = False,
    references_rule: rouge_metric.ReferencesRule = "max",
) -> dict[str, FScore]:
    """Return precision, recall and F of ROUGE-1, -2, -L and -Lsum for one summary (Lin 2004).

    profile  abrege (Unicode words), rouge_score, rouge_score+stemmer or pip-rouge: the last three
             equal those packages to the last digit

    >>> rouge("the cat sat", "the cat ran", lang="en")["rougeL"].fmeasure
    0.6666666666666666
    """
    listed = [references] if isinstance(references, str) else list(references)
    return rouge_metric.score(
        prediction,
        listed,
        profile=profile,
        lang=lang,
        stemmer=stemmer,
        references_rule=references_rule,
    )


def _options(
    lang: str | None,
    profile: str,
    stemmer: bool,  # noqa: FBT001
    references_rule: rouge_metric.ReferencesRule,
    sentence_separator: str | None,
) -> ScoringOptions:
    return ScoringOptions(
        lang=language.check(lang) if lang else None,
        profile=profile,
        stemmer=stemmer,
        references_rule=references_rule,
        sentence_separator=sentence_separator or None,
    )


def _request(
    metrics: str | Sequence[str], options: ScoringOptions, *, has_documents: bool
) -> ScoringRequest:
    names = parse_metrics(metrics if isinstance(metrics, str) else ",".join(metrics))
    if metrics == "all":  # what the arguments allow
        names = tuple(m for m in names if not METRICS[m].by_model)
        names = tuple(m for m in names if has_documents or "documents" not in METRICS[m].needs)
    needing = [m for m in names if m in METRICS and "documents" in METRICS[m].needs]
    if needing and not has_documents:
        raise DataError(f"{needing[0]} needs the documents: give documents=, one per row.")
    wordnet_folder = wordnet.find_wordnet(None) if "meteor" in names else None
    return ScoringRequest(names, replace(options, wordnet=wordnet_folder))


def _scores(table: ScoreTable, resampling: Resampling) -> Scores:
    by_metric = table.scores(resampling)
    columns = {metric: table.rows(metric).tolist() for metric in by_metric}
    rows = [
        {
            "id": row_id,
            **{m: _defined(column[n]) for m, column in columns.items()},
        }
        for n, row_id in enumerate(table.ids)
    ]
    return Scores(by_metric, rows, caption=f"{len(table)} rows")


def _defined(value: float) -> float | None:
    return None if isnan(value) else value
