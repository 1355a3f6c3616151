"""From raw text to a small language model that summarizes it well, and whether it does.

The names below are imported at their first use, so that `import abrege` loads nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from abrege.api.runs import Run, check, load, run
    from abrege.api.scoring import Comparison, Scores, compare, rouge, score
    from abrege.core import errors
    from abrege.core.types import Document, Pair
    from abrege.recipe import Recipe

__all__ = [
    "Comparison",
    "Document",
    "Pair",
    "Recipe",
    "Run",
    "Scores",
    "check",
    "compare",
    "errors",
    "load",
    "rouge",
    "run",
    "score",
]
_MODULES = {
    "abrege.api.runs": ("Run", "check", "load", "run"),
    "abrege.api.scoring": ("Comparison", "Scores", "compare", "rouge", "score"),
    "abrege.core": ("errors",),
    "abrege.core.types": ("Document", "Pair"),
    "abrege.recipe": ("Recipe",),
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'abrege' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
