"""Several processes that carry out one tuning together: what they agree on, and who speaks.

A process by itself takes the short way through every function here, and loads no torch for it.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from abrege.core.errors import AbregeError, SetupError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import changed_keys

T = TypeVar("T")

PATIENCE = timedelta(minutes=30)  # for all to arrive; a large model is read and saved meanwhile
HEAD_START = 0.5  # seconds for the first process to tell what all of them met
KEPT = "What was saved is kept: the same command goes on from there."
SHARDING = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")  # what accelerate launch sets


def world_size() -> int:
    """Count the processes that torchrun or accelerate launch started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Give the place of this process among them, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_distributed() -> bool:
    """Say whether this process shares its work with others."""
    return world_size() > 1


def is_main_process() -> bool:
    """Say whether this is the process that writes and speaks."""
    return rank() == 0


def is_sharded() -> bool:
    """Say whether weights are spread over the processes: no layer may then hold on to its own."""
    return any(os.environ.get(name, "").lower() == "true" for name in SHARDING)


@contextmanager
def process_group(on_event: OnEvent = silent) -> Iterator[None]:
    """Work with the other processes while inside; the first that fails tells of it, others do not.

    An exception that passes gets a note with its rank. One that comes of another process's end
    becomes SystemExit where that one has told of it, and an AbregeError where it could not.
    SIGTERM ends this process at once, with a Note where no process told of anything.
    """
    if not is_distributed():
        yield
        return
    import torch
    from accelerate import PartialState

    group = PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
    try:
        with _ending_when_told(on_event):
            yield
            wait_for_everyone()
    except Exception as error:
        raise _told_once(error) from error.__cause__
    finally:
        group.destroy_process_group()


def wait_for_everyone() -> None:
    """Wait until every process has come here, PATIENCE at the most."""
    if is_distributed():
        from accelerate import PartialState

        PartialState().wait_for_everyone()


def broadcast_from_main(find: Callable[[], T]) -> T:
    """Let the first process find something, and give it to all."""
    if not is_distributed():
        return find()
    from torch import distributed

    found: list[Any] = [find() if is_main_process() else None]
    distributed.broadcast_object_list(found, src=0)
    given: T = found[0]
    return given


def all_gather(value: T) -> list[T]:
    """Give what each process holds, by rank."""
    if not is_distributed():
        return [value]
    from torch import distributed

    found: list[Any] = [None] * world_size()
    distributed.all_gather_object(found, value)
    return found


@contextmanager
def local_main_process_first() -> Iterator[None]:
    """Let one process of each machine do something, and the others after it."""
    if not is_distributed():
        yield
        return
    from accelerate import PartialState

    with PartialState().local_main_process_first():
        yield


def check_agreement(view: Mapping[str, Any]) -> None:
    """Refuse to work together where a process sees something else than the first one does."""
    first, *others = all_gather(view)
    for number, other in enumerate(others, start=1):
        if other != first:
            raise SetupError(
                f"rank {number} sees another run than rank 0 does; they differ in "
                f"{', '.join(changed_keys(first, other))}.\n"
                "  Recipe, data, run folder and abrege must be the same on every machine."
            )


def _told_once(error: Exception) -> BaseException:
    """Give what to raise instead of an error, so that of all processes only one tells."""
    if not is_main_process():
        time.sleep(HEAD_START)
    try:
        if not _takes_the_word():
            return SystemExit(getattr(error, "exit_code", 1))
    except RuntimeError:  # the store went with the process that held it
        pass
    if _comes_of_another_end(error):
        error = AbregeError(
            "another process of this job has ended, or does not answer, and could not say why.\n"
            f"  {KEPT}"
        )
    error.add_note(f"rank {rank()} of {world_size()}")
    return error


def _takes_the_word() -> bool:
    from abrege.models.private_api import DEFAULT_STORE, lookup

    default_store = lookup(DEFAULT_STORE)
    if default_store is None:  # then the first process tells of it, if it can
        return is_main_process()
    tellers: int = default_store().add("abrege/told", 1)
    return tellers == 1


def _comes_of_another_end(error: Exception) -> bool:
    from torch import distributed

    lost = isinstance(error, distributed.DistError) or "gloo" in str(error)
    return lost and not isinstance(error, AbregeError)


@contextmanager
def _ending_when_told(on_event: OnEvent) -> Iterator[None]:
    """End at SIGTERM, by which launchers end all processes when one of them has died.

    A thread sees to it: the main one may wait, deep in a library, for a process that is no more.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def listen() -> None:
        while number := there.recv(1):
            if number[0] == signal.SIGTERM:
                if _takes_the_word():
                    on_event(Note(f"ended by the launcher: another process has died. {KEPT}"))
                os._exit(128 + signal.SIGTERM)

    here, there = socket.socketpair()
    here.settimeout(0)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    fd = signal.set_wakeup_fd(here.fileno())
    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd)
        signal.signal(signal.SIGTERM, before)
        here.close()
