"""How numbers and names of metrics are written: the one place, for the page and for Markdown."""

import math
from dataclasses import dataclass

from abrege.report.view_model import Comparison, Score

ABSENT = "–"
ALPHA = 0.05


@dataclass(frozen=True)
class Metric:
    """How a metric is called and shown."""

    label: str
    scale: float = 100
    digits: int = 1
    unit: str = ""
    less_is_better: bool = False


METRICS = {
    "rouge1": Metric("ROUGE-1"),
    "rouge2": Metric("ROUGE-2"),
    "rougeL": Metric("ROUGE-L"),
    "rougeLsum": Metric("ROUGE-Lsum"),
    "bleu": Metric("BLEU"),
    "chrf": Metric("chrF"),
    "meteor": Metric("METEOR"),
    "bertscore": Metric("BERTScore"),
    "perplexity": Metric("Perplexity", scale=1, less_is_better=True),
    "text_perplexity": Metric("Perplexity of the whole text", scale=1, less_is_better=True),
}
QUALITY = {
    "length_ratio": Metric("Length ratio", scale=1, digits=2),
    "words": Metric("Words", scale=1),
    "tokens": Metric("Tokens", scale=1),
    "stop_rate": Metric("Stop rate", unit=" %"),
    "repeated": Metric("Trigrams said before", unit=" %"),
    "preamble": Metric("With a preamble", unit=" %"),
    "markup": Metric("With markup", unit=" %"),
    "in_language": Metric("In the language", unit=" %"),
    "copied": Metric("Copied whole", unit=" %"),
    "coverage": Metric("Coverage", unit=" %"),
    "density": Metric("Density", scale=1, digits=2),
    "novel2": Metric("Novel bigrams", unit=" %"),
    "compression": Metric("Compression", scale=1),
    "unsupported": Metric("With a fact unsupported", unit=" %"),
    "unsupported_facts": Metric("Facts unsupported", unit=" %"),
    "entailment": Metric("Entailed"),
}
"""How summaries are made, whatever the references say."""
ROUGE = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def metric(name: str) -> Metric:
    """Give how a metric is shown; one without an entry keeps its name and is shown ×100."""
    return METRICS.get(name) or QUALITY.get(name) or Metric(name)


def number(value: float, digits: int) -> str:
    """Write a number with a true minus sign, and no sign on a zero."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def words(value: float) -> str:
    """Write a number of words: whole where it is, with a decimal where it lies between two."""
    return number(value, 0 if value == int(value) else 1)


def signed(value: float, digits: int) -> str:
    """Write a difference with its sign."""
    text = number(value, digits)
    return text if text.startswith("−") or float(text) == 0 else f"+{text}"


def score(name: str, value: float | None) -> str:
    """Write the value of a metric in its own scale: ROUGE ×100, a ratio as it is."""
    if value is None:
        return ABSENT
    shown = metric(name)
    return number(value * shown.scale, shown.digits) + shown.unit


def interval(name: str, given: Score | Comparison) -> str:
    """Write the interval in brackets; nothing where there is none."""
    if given.low is None or given.high is None:
        return ""
    shown = metric(name)
    write = signed if isinstance(given, Comparison) else number
    ends = (write(end * shown.scale, shown.digits) for end in (given.low, given.high))
    return f"[{', '.join(ends)}]"


def difference(name: str, value: float | None) -> str:
    """Write a difference of a metric in its own scale, with its sign."""
    if value is None:
        return ABSENT
    shown = metric(name)
    return signed(value * shown.scale, shown.digits) + shown.unit


def p_value(p: float | None) -> str:
    """Write p to three decimals, never rounded across the threshold."""
    if p is None:
        return ABSENT
    if p < 0.001:
        return "< 0.001"
    text = f"{p:.3f}"
    return f"< {ALPHA}" if p < ALPHA <= float(text) else text


def count(value: float) -> str:
    """Write a count with its thousands apart."""
    return f"{value:,}" if isinstance(value, int) else number(value, 2)


def share(part: float, whole: float) -> str:
    """Write a share in per cent; 100 % and 0 % only where nothing is missing or there."""
    if not whole:
        return ABSENT
    percent = 100 * part / whole
    if 0 < percent < 0.05:
        return "< 0.1 %"
    if 99.95 <= percent < 100:
        return "> 99.9 %"
    return f"{number(percent, 1)} %"


def rate(value: float) -> str:
    """Write a learning rate as people type it: 0.0005 is 5e-4."""
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def seconds(value: float | None) -> str:
    """Write a time: 9.4 s, 4 min 08 s, 1 h 02 min."""
    if value is None:
        return ABSENT
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def memory(value: int | None) -> str:
    """Write a number of bytes in GB (10⁹), or in MB where it is little."""
    if value is None:
        return ABSENT
    return f"{value / 1e9:.2f} GB" if value >= 1e8 else f"{value / 1e6:.1f} MB"


def confidence(value: float) -> str:
    """Write the coverage of the intervals: 95 %."""
    return f"{100 * value:g} %"


def plural(number_of: int, noun: str) -> str:
    """Write a count with its noun."""
    return f"{count(number_of)} {noun}{'' if number_of == 1 else 's'}"


def finite(value: object) -> float | None:
    """Give a finite number as it is, and None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
