"""Write numbers for people: the one formatting of the pages, Markdown and the terminal."""

import math

from abrege.metrics.registry import get_metric
from abrege.metrics.significance import ALPHA

ABSENT = "–"
"""What a table shows where there is no value."""


def format_number(value: float, digits: int, *, signed: bool = False) -> str:
    """Return a number with `digits` decimals, a true minus sign, and no sign on a zero.

    signed  write a plus sign where the number is above 0, as for a difference
    """
    text = f"{value:z.{digits}f}"
    if signed and float(text) > 0:
        text = f"+{text}"
    return text.replace("-", "−")


def format_metric(
    name: str, value: float | None, *, signed: bool = False, with_unit: bool = True
) -> str:
    """Return a value of a metric in its own scale, digits and unit: ROUGE times 100, for one.

    The registry of metrics fixes all three, so every renderer shows the same digits.
    """
    if value is None:
        return ABSENT
    text = get_metric(name).format(value, signed=signed, with_unit=with_unit)
    return text.replace("-", "−")


def format_interval(
    name: str, low: float | None, high: float | None, *, signed: bool = False
) -> str:
    """Return the interval of a metric in brackets; an empty text where there is none."""
    if low is None or high is None:
        return ""
    ends = (format_metric(name, end, signed=signed, with_unit=False) for end in (low, high))
    return f"[{', '.join(ends)}]"


def format_share_interval(low: float, high: float, digits: int = 0) -> str:
    """Return the interval of a share in per cent, in brackets."""
    return f"[{format_number(100 * low, digits)}, {format_number(100 * high, digits)}]"


def format_words(value: float) -> str:
    """Return a number of words: a whole one as it is, else with one decimal."""
    return format_number(value, 0 if value == int(value) else 1)


def format_p(p: float | None) -> str:
    """Return a p-value with three decimals, never rounded across the threshold."""
    if p is None:
        return ABSENT
    if p < 0.001:
        return "< 0.001"
    text = f"{p:.3f}"
    return f"< {ALPHA}" if p < ALPHA <= float(text) else text


def format_equation(name: str, p: float) -> str:
    """Return `p = 0.010` or `p < 0.001`."""
    text = format_p(p)
    return f"{name} {text}" if text.startswith("<") else f"{name} = {text}"


def format_count(value: float) -> str:
    """Return a count with separated thousands."""
    return f"{value:,}" if isinstance(value, int) else format_number(value, 2)


def format_share(part: float, total: float) -> str:
    """Return a share in per cent; 100 % and 0 % only where they are exact."""
    if not total:
        return ABSENT
    percent = 100 * part / total
    if 0 < percent < 0.05:
        return "< 0.1 %"
    if 99.95 <= percent < 100:
        return "> 99.9 %"
    return f"{format_number(percent, 1)} %"


def format_rate(value: float) -> str:
    """Return a learning rate as people type it: 0.0005 is 5e-4."""
    mantissa, _, exponent = f"{value:.3e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def format_seconds(value: float | None) -> str:
    """Return a duration: 9.4 s, 4 min 08 s, 1 h 02 min."""
    if value is None:
        return ABSENT
    if value < 59.95:
        return f"{value:.1f} s"
    seconds = round(value)
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def format_bytes(value: int | None) -> str:
    """Return a number of bytes in GB (10⁹), or in MB below 0.1 GB."""
    if value is None:
        return ABSENT
    return f"{value / 1e9:.2f} GB" if value >= 1e8 else f"{value / 1e6:.1f} MB"


def format_confidence(value: float) -> str:
    """Return the coverage of intervals: 95 %."""
    return f"{100 * value:g} %"


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: 1 row, 2,000 rows."""
    return f"{format_count(count)} {noun}{'' if count == 1 else 's'}"


def finite(value: object) -> float | None:
    """Return a finite number as a float, and None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
