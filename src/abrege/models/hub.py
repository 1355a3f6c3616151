"""The hub, asked once before models are loaded: its client retries for half a minute a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub.constants
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

TIMEOUT_SECONDS = 10
_answered: set[str] = set()
"""Names that the hub has answered for in this process; it is not asked for them again."""


@contextmanager
def without_retries(name_or_path: str) -> Iterator[None]:
    """Let transformers use the local cache alone for a hub id, where the hub does not answer."""
    constants: Any = huggingface_hub.constants
    if constants.HF_HUB_OFFLINE or Path(name_or_path).is_dir() or _answers(name_or_path):
        yield
        return
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = False


def _answers(name: str) -> bool:
    """Return whether the hub answers for a name, be it that there is no such model."""
    if name in _answered:
        return True
    try:
        HfApi().model_info(name, timeout=TIMEOUT_SECONDS)
    except (HfHubHTTPError, ValueError):  # it answers, or the name is none of the hub's
        pass
    except Exception:  # whatever a missing network looks like in the client's HTTP library
        return False
    _answered.add(name)
    return True
