"""The registry of metrics: what can be computed, what it needs, and how it is written.

To add a metric: its entry here, a family in `reference_based` or `reference_free`, and a line in
FAMILIES of `evaluation/score_table`.
"""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Section = Literal["reference", "length", "format", "extraction", "faithfulness"]
Need = Literal["references", "documents", "encoder", "language model", "entailment model"]

_MODELS: tuple[Need, ...] = ("encoder", "language model", "entailment model")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.

    label   heading of a column; `in_sentence` is the same inside a sentence
    scale   factor from the stored value to the shown one: shares are stored as 0 to 1
    unit    written after the shown value, with a space
    """

    name: str
    label: str
    section: Section
    scale: float = 100
    digits: int = 1
    unit: str = ""
    higher_is_better: bool | None = True
    """None where neither direction is better: no system wins by the metric."""
    needs: tuple[Need, ...] = ("references",)
    in_report: bool = True
    """Whether the report shows the metric where a run has it."""

    @property
    def by_model(self) -> bool:
        """Return whether a model computes the metric, which is slow."""
        return any(need in _MODELS for need in self.needs)

    @property
    def in_sentence(self) -> str:
        """Return the label as it is written inside a sentence: perplexity, but ROUGE-1."""
        acronym = any(letter.isupper() for letter in self.label[1:])
        return self.label if acronym else self.label[0].lower() + self.label[1:]

    def format(self, value: float, *, signed: bool = False, with_unit: bool = True) -> str:
        """Write a stored value in the shown scale, with a plus sign where a difference is above 0.

        Zero has no sign. The minus sign is that of ASCII.
        """
        text = f"{value * self.scale:z.{self.digits}f}"
        if signed and float(text) > 0:
            text = f"+{text}"
        return f"{text} {self.unit}" if self.unit and with_unit else text


def _share(name: str, label: str, section: Section, *needs: Need, better: bool | None) -> Metric:
    """Return a metric that is a share of the rows or of their parts, in per cent."""
    return Metric(
        name=name, label=label, section=section, unit="%", higher_is_better=better, needs=needs
    )


def _novel(n: int, grams: str, *, in_report: bool = False) -> Metric:
    return Metric(
        name=f"novel{n}",
        label=f"Novel {grams}",
        section="extraction",
        unit="%",
        higher_is_better=None,
        needs=("documents",),
        in_report=in_report,
    )


_ALL = (
    Metric(name="rouge1", label="ROUGE-1", section="reference"),
    Metric(name="rouge2", label="ROUGE-2", section="reference"),
    Metric(name="rouge3", label="ROUGE-3", section="reference"),
    Metric(name="rougeL", label="ROUGE-L", section="reference"),
    Metric(name="rougeLsum", label="ROUGE-Lsum", section="reference"),
    Metric(name="bleu", label="BLEU", section="reference"),
    Metric(name="chrf", label="chrF", section="reference"),
    Metric(name="meteor", label="METEOR", section="reference"),
    Metric(
        name="bertscore",
        label="BERTScore",
        section="reference",
        needs=("references", "encoder"),
    ),
    Metric(
        name="perplexity",
        label="Perplexity",
        section="reference",
        scale=1,
        digits=2,
        higher_is_better=False,
        needs=("references", "documents", "language model"),
    ),
    Metric(
        name="text_perplexity",
        label="Perplexity of the whole text",
        section="reference",
        scale=1,
        digits=2,
        higher_is_better=False,
        needs=("references", "documents", "language model"),
    ),
    Metric(
        name="length_ratio",
        label="Length ratio",
        section="length",
        scale=1,
        digits=2,
        higher_is_better=None,
    ),
    Metric(name="words", label="Words", section="length", scale=1, higher_is_better=None, needs=()),
    Metric(
        name="tokens", label="Tokens", section="length", scale=1, higher_is_better=None, needs=()
    ),
    _share("stop_rate", "Stop rate", "format", better=True),
    _share("repeated", "Repeated trigrams", "format", better=False),
    _share("preamble", "With a preamble", "format", better=False),
    _share("markup", "With markup", "format", better=False),
    _share("in_language", "In the target language", "format", better=True),
    _share("copied", "Copied verbatim", "extraction", "documents", better=None),
    Metric(
        name="compression",
        label="Compression",
        section="extraction",
        scale=1,
        higher_is_better=None,
        needs=("documents",),
    ),
    _share("coverage", "Coverage", "extraction", "documents", better=None),
    Metric(
        name="density",
        label="Density",
        section="extraction",
        scale=1,
        digits=2,
        higher_is_better=None,
        needs=("documents",),
    ),
    _novel(1, "words"),
    _novel(2, "bigrams", in_report=True),
    _novel(3, "trigrams"),
    _novel(4, "4-grams"),
    _share("unsupported", "With unsupported facts", "faithfulness", "documents", better=False),
    _share("unsupported_facts", "Unsupported facts", "faithfulness", "documents", better=False),
    Metric(
        name="entailment",
        label="Entailment",
        section="faithfulness",
        needs=("documents", "entailment model"),
    ),
)
METRICS = {metric.name: metric for metric in _ALL}
"""The metrics by name, in the order they are computed and shown."""

ROUGE = tuple(name for name in METRICS if name.startswith("rouge"))
DEFAULT_ROUGE = tuple(name for name in ROUGE if name != "rouge3")
DEFAULT = (*DEFAULT_ROUGE, "length_ratio")
"""The default of `abrege score --metrics`."""


def in_section(section: Section) -> tuple[str, ...]:
    """Return the metrics of a section that need no model."""
    return tuple(m.name for m in _ALL if m.section == section and not m.by_model)


GROUPS = {
    "rouge": DEFAULT_ROUGE,
    "format": in_section("format"),
    "form": in_section("format"),
    "extraction": in_section("extraction"),
    "faithfulness": in_section("faithfulness"),
    "all": tuple(m for m in METRICS if m != "text_perplexity"),  # only runs have its model
}
"""Names that stand for several metrics in --metrics; `form` is the old name of `format`."""


def get_metric(name: str) -> Metric:
    """Return the entry of a metric; one that is not registered keeps its name, times 100."""
    return METRICS.get(name) or Metric(name=name, label=name, section="reference")


def parse_metrics(text: str) -> tuple[str, ...]:
    """Split a list with commas into the names of metrics; a name of GROUPS stands for several."""
    names: list[str] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        names += GROUPS.get(name, [name])
    return tuple(dict.fromkeys(names))


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint for a name that is not known: the nearest one, or all of them."""
    near = difflib.get_close_matches(name, [*known], n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}."
