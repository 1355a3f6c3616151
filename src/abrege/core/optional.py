"""Optional dependencies: import a third-party package only when a feature needs it."""

import importlib
from types import ModuleType

from abrege.core.errors import SetupError

EXTRAS = {
    "torch": "train",
    "transformers": "train",
    "peft": "train",
    "accelerate": "train",
    "safetensors": "train",
    "tokenizers": "train",
    "gguf": "train",
    "datasets": "hub",
    "huggingface_hub": "hub",
    "pyarrow": "parquet",
    "openpyxl": "excel",
    "openai": "annotate",
    "httpx2": "collect",
    "mwparserfromhell": "collect",
    "trafilatura": "html",
    "markdown_it": "html",
    "bitsandbytes": "qlora",
    "ray": "ray",
}
"""Import name of an optional package → the extra of abrege that installs it."""


def explain_missing(error: ModuleNotFoundError) -> SetupError | None:
    """Return the message for an optional package that is not installed; None for other modules."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return None
    return SetupError(
        f"this needs the optional package {package}, which is not installed.\n"
        f"  Type: pip install 'abrege[{EXTRAS[package]}]'"
    )


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import and return `module`.

    module   its import name, such as "lxml.html"
    extra    the extra of abrege that installs it, such as "html"
    purpose  the feature that needs it, as the subject of a sentence: "Reading .html files"

    Raise SetupError with the line that installs it where it cannot be imported: it is
    missing, a package that it needs itself is missing, or the two do not fit each other.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        reason = str(error).partition("\n")[0]
        raise SetupError(
            f"{purpose} needs the optional package {package}, which cannot be imported.\n"
            f"  found: {reason}\n"
            f"  Type: pip install 'abrege[{extra}]'"
        ) from error
