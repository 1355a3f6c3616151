"""Data-parallel processes of one tuning run: rank, collectives, and one error message for all.

Every function returns at once in a process that runs alone, and imports no torch there.
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

TIMEOUT = timedelta(minutes=30)  # of a collective; others read or save a large model meanwhile
MAIN_HEAD_START_SECONDS = 0.5  # so that the main process reports an error that all of them meet
RESUME_ADVICE = "Checkpoints are kept: the same command resumes from the last one."
SHARDING_VARIABLES = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")  # of accelerate launch


def world_size() -> int:
    """Return the number of processes that torchrun or accelerate launch started."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Return the rank of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_distributed() -> bool:
    """Return whether this process is one of several."""
    return world_size() > 1


def is_main_process() -> bool:
    """Return whether this is rank 0, which writes files and reports progress."""
    return rank() == 0


def is_sharded() -> bool:
    """Return whether weights are sharded over the processes, so that no layer has its own."""
    return any(os.environ.get(name, "").lower() == "true" for name in SHARDING_VARIABLES)


@contextmanager
def process_group(on_event: OnEvent = silent) -> Iterator[None]:
    """Join the process group while inside; of an error in several processes, one reports it.

    An exception gets a note with the rank. If it was caused by the end of another process, it
    becomes SystemExit where that one has reported it, else an AbregeError. SIGTERM ends this
    process at once, with a Note if no process has reported an error.
    """
    if not is_distributed():
        yield
        return
    import torch
    from accelerate import PartialState

    group = PartialState(cpu=not torch.cuda.is_available(), timeout=TIMEOUT)
    try:
        with _exit_on_sigterm(on_event):
            yield
            wait_for_everyone()
    except Exception as error:
        raise _reported_once(error) from error.__cause__
    finally:
        group.destroy_process_group()


def wait_for_everyone() -> None:
    """Wait at a barrier until every process has called this, at most TIMEOUT."""
    if is_distributed():
        from accelerate import PartialState

        PartialState().wait_for_everyone()


def broadcast_from_main(compute: Callable[[], T]) -> T:
    """Return in every process what the main process computes."""
    if not is_distributed():
        return compute()
    from torch import distributed

    values: list[Any] = [compute() if is_main_process() else None]
    distributed.broadcast_object_list(values, src=0)
    value: T = values[0]
    return value


def all_gather(value: T) -> list[T]:
    """Return the values of all processes, by rank."""
    if not is_distributed():
        return [value]
    from torch import distributed

    values: list[Any] = [None] * world_size()
    distributed.all_gather_object(values, value)
    return values


@contextmanager
def local_main_process_first() -> Iterator[None]:
    """Let one process of each machine go first, and the others after it."""
    if not is_distributed():
        yield
        return
    from accelerate import PartialState

    with PartialState().local_main_process_first():
        yield


def check_same_inputs(inputs: Mapping[str, Any]) -> None:
    """Raise SetupError if a process has other inputs than the main process."""
    main, *others = all_gather(inputs)
    for number, other in enumerate(others, start=1):
        if other != main:
            raise SetupError(
                f"rank {number} sees another run than rank 0 does; they differ in "
                f"{', '.join(changed_keys(main, other))}.\n"
                "  Recipe, data, run folder and abrege must be the same on every machine."
            )


def _reported_once(error: Exception) -> BaseException:
    """Return what to raise in place of an error, so that one process of all reports it."""
    if not is_main_process():
        time.sleep(MAIN_HEAD_START_SECONDS)
    try:
        if not _is_first_to_report():
            return SystemExit(getattr(error, "exit_code", 1))
    except RuntimeError:  # the store ended with the process that held it
        pass
    if _is_lost_connection(error):
        error = AbregeError(
            "another process of this job has ended or does not answer, and gave no reason.\n"
            f"  {RESUME_ADVICE}"
        )
    error.add_note(f"rank {rank()} of {world_size()}")
    return error


def _is_first_to_report() -> bool:
    from abrege.models.private_api import DEFAULT_STORE, lookup

    default_store = lookup(DEFAULT_STORE)
    if default_store is None:  # then the main process reports it, if it can
        return is_main_process()
    reports: int = default_store().add("abrege/told", 1)
    return reports == 1


def _is_lost_connection(error: Exception) -> bool:
    from torch import distributed

    is_lost = isinstance(error, distributed.DistError) or "gloo" in str(error)
    return is_lost and not isinstance(error, AbregeError)


@contextmanager
def _exit_on_sigterm(on_event: OnEvent) -> Iterator[None]:
    """Exit at SIGTERM, by which launchers end all processes when one of them has died.

    A thread handles the signal: the main thread may be waiting in a library, without end, for a
    process that has died.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def listen() -> None:
        while number := receiver.recv(1):
            if number[0] == signal.SIGTERM:
                if _is_first_to_report():
                    note = f"ended by the launcher: another process has died. {RESUME_ADVICE}"
                    on_event(Note(note))
                os._exit(128 + signal.SIGTERM)

    sender, receiver = socket.socketpair()
    sender.settimeout(0)
    handler = signal.signal(signal.SIGTERM, lambda *_: None)
    fd = signal.set_wakeup_fd(sender.fileno())
    threading.Thread(target=listen, daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd)
        signal.signal(signal.SIGTERM, handler)
        sender.close()
