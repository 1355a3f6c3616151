"""Load data in the `datasets` library's own forms: a saved folder, or a dataset on the hub."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, SetupError
from abrege.core.events import Note, OnEvent
from abrege.core.optional import require
from abrege.data.readers import near_file
from abrege.data.rows import SourceRow, shorten

REVISION_TIMEOUT_SECONDS = 10
"""How long the hub may take to return a revision; `load_dataset` itself retries longer."""


def is_saved_dataset(folder: Path) -> bool:
    """Return whether `save_to_disk` of the datasets library wrote this folder."""
    return any((folder / name).exists() for name in ("dataset_dict.json", "dataset_info.json"))


@dataclass(frozen=True)
class DatasetSplit:
    """The rows of one split, which stay on disk until they are read."""

    name: str
    split: str
    data: Any
    """The `datasets.Dataset`."""

    def rows(self) -> Iterator[SourceRow]:
        """Yield the rows; raise DataError with the last complete row if the data is damaged."""
        n = 0
        try:
            for n, values in enumerate(self.data, start=1):
                location = f"{self.name} {self.split} row {n}"
                yield SourceRow(location, f"{self.name}/{self.split}:{n}", values)
        except Exception as error:  # arrow, decoding and os errors alike
            raise DataError(
                f"{self.name} ({self.split}): this dataset cannot be read beyond row {n}.\n"
                f"  found: {shorten(error, 100)}\n  Download or save it again."
            ) from error


def open_saved_dataset(folder: Path) -> list[DatasetSplit]:
    """Open the splits of a folder that `save_to_disk` wrote, without reading their rows.

    Raise DataError if the folder is damaged.
    """
    datasets = _import_datasets()
    try:
        return _splits(datasets.load_from_disk(str(folder)), folder.name)
    except Exception as error:  # arrow, json and os errors alike: the folder is damaged
        raise DataError(
            f"{folder}: this folder of the datasets library cannot be read.\n"
            f"  found: {shorten(error, 100)}\n  Save it again with save_to_disk."
        ) from error


def open_hub_dataset(name: str, *, on_event: OnEvent) -> list[DatasetSplit]:
    """Open all splits of a dataset on the hub: owner/name, owner/name:config, …@revision.

    Without a network the copy in the local cache is used; raise SetupError within seconds
    if there is none. Raise DataError if the hub has no such dataset.
    """
    datasets = _import_datasets()
    path, requested = name.partition("@")[::2]
    path, config = path.partition(":")[::2]
    revision = _fetch_revision(path, requested or None)
    if revision:
        on_event(Note(f"{path}: dataset on the hub, revision {revision}"))
    else:
        on_event(Note(f"{path}: cannot reach the hub; looking for a copy in the local cache"))
    try:
        with contextlib.nullcontext() if revision else _offline():
            dataset = datasets.load_dataset(
                path, config or None, revision=revision or requested or None
            )
    except (ValueError, datasets.exceptions.DatasetsError) as error:
        if not revision:
            raise _unreachable(name) from error
        raise DataError(
            f"{name}: this dataset cannot be loaded: {shorten(error, 300)}\n"
            "  Name a configuration as owner/name:config."
        ) from error
    except (OSError, EOFError) as error:
        raise _unreachable(name) from error
    return _splits(dataset, path.rpartition("/")[2])


def _import_datasets() -> Any:
    purpose = "Loading a dataset of the hub or of save_to_disk"
    return require("datasets", extra="hub", purpose=purpose)


def _splits(dataset: Any, name: str) -> list[DatasetSplit]:
    import datasets

    splits = dataset if isinstance(dataset, datasets.DatasetDict) else {"all": dataset}
    return [DatasetSplit(name, str(split), data) for split, data in splits.items()]


def _fetch_revision(path: str, revision: str | None) -> str | None:
    """Return the revision that the hub has, asked once; None if the hub does not answer."""
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    api = huggingface_hub.HfApi()
    try:
        info = api.dataset_info(path, revision=revision, timeout=REVISION_TIMEOUT_SECONDS)
    except GatedRepoError as error:
        raise SetupError(
            f"{path}: the hub gives this dataset only to users who accepted its terms.\n"
            "  Accept them on its page, then set HF_TOKEN."
        ) from error
    except RepositoryNotFoundError as error:
        raise DataError(
            f"{path}: there is no such file or folder here, and the hub has no such dataset."
            f"{near_file(Path(path))}\n"
            "  Correct the name, or set HF_TOKEN if the dataset is private."
        ) from error
    except Exception:  # whatever a missing network looks like in the client's HTTP library
        return None
    return info.sha


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Set the datasets library to use only its cache, without retries for half a minute."""
    import datasets
    import huggingface_hub

    modules: tuple[Any, Any] = (datasets.config, huggingface_hub.constants)
    before = [module.HF_HUB_OFFLINE for module in modules]
    try:
        for module in modules:
            module.HF_HUB_OFFLINE = True
        yield
    finally:
        for module, value in zip(modules, before, strict=True):
            module.HF_HUB_OFFLINE = value


def _unreachable(name: str) -> SetupError:
    return SetupError(
        f"{name}: there is no such file or folder here; as a dataset of the hub, it cannot be "
        "downloaded (no network?) and is not in the local cache."
        f"{near_file(Path(name))}\n"
        "  Give the path of a file, or run the command with access to the hub."
    )
