"""Pairs in the `datasets` library's own forms: a folder that it saved, or a name on the hub."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, SetupError
from abrege.core.events import Note, OnEvent
from abrege.data.rows import Row, shorten

PROBE_SECONDS = 10
"""How long the hub may take to say that a dataset exists; `load_dataset` itself retries longer."""


def is_saved_folder(folder: Path) -> bool:
    """Tell whether `save_to_disk` of the datasets library wrote this folder."""
    return any((folder / name).exists() for name in ("dataset_dict.json", "dataset_info.json"))


@dataclass(frozen=True)
class Table:
    """The rows of one split, which stay on the disk until they are asked for."""

    name: str
    split: str
    data: Any
    """The `datasets.Dataset`."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows; DataError says after which one the data breaks off."""
        n = 0
        try:
            for n, values in enumerate(self.data, start=1):
                where = f"{self.name} {self.split} row {n}"
                yield Row(where, f"{self.name}/{self.split}:{n}", values)
        except Exception as error:  # arrow, decoding and os errors alike
            raise DataError(
                f"{self.name} ({self.split}): this dataset breaks off after row {n}.\n"
                f"  found: {shorten(error, 100)}\n  Fetch or save it again."
            ) from error


def read_folder(folder: Path) -> dict[str, list[Row]]:
    """Read a folder that `save_to_disk` wrote; a Dataset without splits comes as "all"."""
    return _all_rows(open_folder(folder))


def open_folder(folder: Path) -> list[Table]:
    """Open a folder that `save_to_disk` wrote, as `read_folder` reads it."""
    import datasets

    try:
        return _tables(datasets.load_from_disk(str(folder)), folder.name)
    except Exception as error:  # arrow, json and os errors alike: the folder is damaged
        raise DataError(
            f"{folder}: this folder of the datasets library cannot be read.\n"
            f"  found: {shorten(error, 100)}\n  Save it again with save_to_disk."
        ) from error


def read_hub(name: str, *, on_event: OnEvent) -> dict[str, list[Row]]:
    """Read all splits of a dataset on the hub; see `open_hub`."""
    return _all_rows(open_hub(name, on_event=on_event))


def open_hub(name: str, *, on_event: OnEvent) -> list[Table]:
    """Open all splits of a dataset on the hub: owner/name, owner/name:config, …@revision.

    Without a network a copy in the local cache is used where there is one; SetupError says
    so within seconds where there is none. DataError where the hub knows no such dataset.
    """
    import datasets

    path, revision = name.partition("@")[::2]
    path, config = path.partition(":")[::2]
    found = _probe(path, revision or None)
    if found:
        on_event(Note(f"{path}: dataset on the hub, revision {found}"))
    else:
        on_event(Note(f"{path}: the hub cannot be reached; looking for a copy in the local cache"))
    try:
        with contextlib.nullcontext() if found else _offline():
            loaded = datasets.load_dataset(path, config or None, revision=found or revision or None)
    except (ValueError, datasets.exceptions.DatasetsError) as error:
        if not found:
            raise _unreachable(name) from error
        raise DataError(
            f"{name}: this dataset cannot be read as it is: {shorten(error, 300)}\n"
            "  Write a configuration as owner/name:config."
        ) from error
    except (OSError, EOFError) as error:
        raise _unreachable(name) from error
    return _tables(loaded, path.rpartition("/")[2])


def _tables(loaded: Any, name: str) -> list[Table]:
    import datasets

    splits = loaded if isinstance(loaded, datasets.DatasetDict) else {"all": loaded}
    return [Table(name, str(split), data) for split, data in splits.items()]


def _all_rows(tables: Iterable[Table]) -> dict[str, list[Row]]:
    return {table.split: list(table.rows()) for table in tables}


def _probe(path: str, revision: str | None) -> str | None:
    """Ask the hub once which revision it has; None where it does not answer."""
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        info = huggingface_hub.HfApi().dataset_info(path, revision=revision, timeout=PROBE_SECONDS)
    except GatedRepoError as error:
        raise SetupError(
            f"{path}: the hub gives this dataset only to those who accepted its terms.\n"
            "  Accept them on its page, then set HF_TOKEN."
        ) from error
    except RepositoryNotFoundError as error:
        raise DataError(
            f"{path}: there is no such file or folder here, and the hub has no such dataset "
            "(or not for you: set HF_TOKEN where it is private)."
        ) from error
    except Exception:  # whatever a missing network looks like in the client's HTTP library
        return None
    return info.sha


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Let the datasets library look in its cache alone, and not retry for half a minute."""
    import datasets
    import huggingface_hub

    places: tuple[Any, Any] = (datasets.config, huggingface_hub.constants)
    before = [place.HF_HUB_OFFLINE for place in places]
    try:
        for place in places:
            place.HF_HUB_OFFLINE = True
        yield
    finally:
        for place, value in zip(places, before, strict=True):
            place.HF_HUB_OFFLINE = value


def _unreachable(name: str) -> SetupError:
    return SetupError(
        f"{name}: there is no such file or folder here; taken as a name on the hub, it cannot be "
        "fetched (no network?) and is not in the local cache.\n"
        "  Give the path of a file, or run the command where the hub can be reached."
    )
