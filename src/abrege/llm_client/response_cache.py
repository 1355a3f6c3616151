"""A response cache on disk: a JSON line per response, so that none is paid for twice."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import filelock

from abrege.core.errors import DataError, SetupError
from abrege.core.http_retry import RetryableError
from abrege.core.io import disk_error, json_line
from abrege.llm_client.response_body import content_text, token_count


@dataclass(frozen=True, kw_only=True)
class CachedResponse:
    """A response as it is cached: by the key of its request."""

    key: str
    about: Mapping[str, str]
    """For people and messages: what the key cannot say, such as the id of the row."""
    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    model: str
    seconds: float
    reasoning: bool = False
    tool: str = ""


class ResponseCache:
    """The responses of this run and of earlier ones, by the key of their request."""

    def __init__(self, path: Path, file: IO[bytes], responses: dict[str, CachedResponse]) -> None:
        self.responses: Mapping[str, CachedResponse] = responses
        self._responses, self._path, self._file = responses, path, file

    def add(self, response: CachedResponse) -> None:
        """Append a response; it is on the disk when this returns."""
        try:
            self._file.write(json_line(response).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise disk_error(error, self._path) from error
        self._responses[response.key] = response

    def forget(self, keys: Iterable[str]) -> None:
        """Let requests be sent again: their next response replaces the one in the file."""
        for key in keys:
            self._responses.pop(key, None)


@contextmanager
def open_cache(path: Path) -> Iterator[ResponseCache]:
    """Open the responses cached at `path`, for this process only.

    A last line that was cut off by kill -9 is removed from the file. Raise SetupError if another
    process has the file open, since both would pay for the same requests.
    """
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise SetupError(
            f"{path}: another process is writing its responses here.\n  Wait for it to end."
        ) from None
    except OSError as error:
        raise disk_error(error, path) from error
    try:
        responses = _load(path)
        file = _open_to_append(path)
        try:
            yield ResponseCache(path, file, responses)
        finally:
            with suppress(OSError):  # `add` has raised what could not be written
                file.close()
    finally:
        lock.release()


def _open_to_append(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise disk_error(error, path) from error


def _load(path: Path) -> dict[str, CachedResponse]:
    if not path.exists():
        return {}
    complete, newline, incomplete = path.read_bytes().rpartition(b"\n")
    if incomplete:
        os.truncate(path, len(complete + newline))
    responses = {}
    for number, line in enumerate(complete.split(b"\n") if newline else [], start=1):
        try:
            response = _read_response(json.loads(line))
        except (ValueError, TypeError, KeyError, RecursionError, RetryableError) as error:
            raise DataError(
                f"{path}:{number}: this is not a response that abrege cached: {error}\n"
                "  Delete the line and run the same command again: it sends the request again."
            ) from error
        responses[response.key] = response
    return responses


def _read_response(values: dict[str, Any]) -> CachedResponse:
    """Return a cached response; parts of its text are joined, as earlier releases kept them.

    Raise TypeError, ValueError, KeyError or RetryableError for what is none.
    """
    if not isinstance(values["about"], dict):
        raise TypeError(f"about is {values['about']!r:.40}")
    counts = {name: token_count(values[name]) for name in ("prompt_tokens", "completion_tokens")}
    response = CachedResponse(**{**values, **counts, "text": content_text(values["text"])})
    words = {name: getattr(response, name) for name in ("key", "finish_reason", "model", "tool")}
    for name, value in [*words.items(), *response.about.items()]:
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r:.40}")
    int(response.about.get("characters", "0"))
    return response
