"""A task: the unit of the pipeline that is run, skipped, resumed and made stale as a whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from abrege.core.events import OnEvent
from abrege.core.hashing import hash_path


@dataclass(frozen=True, kw_only=True)
class Task:
    """A stage, or the part of it for one system or one seed.

    Settings and inputs are functions, for the files may not exist yet when the task is made.
    """

    name: str
    manifest: Path
    """Written last, so that its presence means that the task is complete."""
    settings: Callable[[], dict[str, Any]]
    """Returns the settings that the result depends on, as JSON."""
    inputs: Callable[[], Mapping[str, Path]]
    """Returns the files and folders whose content the result depends on, by name."""
    code: tuple[str, ...]
    """The modules that are run; all that they import is part of the key."""
    unused: tuple[str, ...] = ()
    """Modules that they import for other settings than these."""
    outputs: tuple[str, ...]
    """Files beside the manifest, or patterns of them, without which the task is not complete."""
    hash_output: Callable[[Path], str] = hash_path
    """Hashes an output for the manifest."""
    run: Callable[[str, OnEvent], dict[str, Any]]
    """Runs the task and returns what goes into its manifest; is called with the key's hash."""
    resumable: bool = False
    """A run that was interrupted continues from its files."""
    shares_folder: bool = False
    """Other tasks or people write beside the manifest too, so the folder is never cleared."""
    keeps_previous: bool = False
    """A result with a different key is kept in a sibling folder until the new one is complete."""
    checkpoints: str = ""
    """A pattern of unfinished work that is too dear to be thrown away without a question."""

    @property
    def folder(self) -> Path:
        """Return the folder of the manifest and the outputs."""
        return self.manifest.parent

    @property
    def previous(self) -> Path:
        """Return the folder where the previous result waits until the new one is complete."""
        return self.folder.with_name(f"{self.folder.name}.earlier")

    @property
    def started(self) -> Path:
        """Return the file that holds the key of an unfinished run."""
        return self.manifest.with_name(self.manifest.name.replace("manifest", "started"))

    def output_files(self) -> list[Path]:
        """Return the output files that exist, in alphabetical order."""
        return sorted({path for pattern in self.outputs for path in self.folder.glob(pattern)})


@dataclass(frozen=True)
class Outcome:
    """What was done about a task: it ran, or it was up to date."""

    stage: str
    done: Literal["ran", "skipped"]
    reason: str
    seconds: float
    counts: dict[str, Any]
