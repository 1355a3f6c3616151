"""Do the same work on many items in several processes: of this machine, or of a Ray cluster.

Whatever does the work, what it gives comes in the order of the items.
"""

import importlib.util
import logging
import multiprocessing
import os
import pickle
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from abrege.core.errors import AbregeError, SetupError

A = TypeVar("A")
B = TypeVar("B")

AHEAD = 2
"""Items in work or waiting for each process: enough that none waits, few enough to hold."""
CONNECT_SECONDS = 10.0
HANDED_ON = ("ABREGE_CACHE", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN")
"""Variables that workers on other machines are given as they are here."""


class Pool(Protocol):
    """Applies a function to items, in their order."""

    def __call__(self, function: Callable[[A], B], items: Iterable[A], /) -> Iterator[B]:
        """Yield what the function gives for each item."""


class Once(Generic[A, B]):
    """A function that each process makes for itself, at its first call.

    For one that holds what cannot travel between processes, or should not: an open model.
    """

    def __init__(self, make: Callable[[], Callable[[A], B]]) -> None:
        self._make = make
        self._made: Callable[[A], B] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_make": self._make, "_made": None}

    def __call__(self, item: A) -> B:
        """Apply the function."""
        if self._made is None:
            self._made = self._make()
        return self._made(item)


@contextmanager
def on_cores(processes: int | None = None) -> Iterator[Pool]:
    """Give a pool of so many processes, one for each core where left out; of one, this process.

    They are started anew and not forked: a process that has run torch cannot be copied safely.
    """
    processes = processes or cores()
    if processes == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context)

    def in_order(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield in_order
    finally:
        executor.shutdown(cancel_futures=True)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_ray(*, address: str | None, workers: int | None, gpus: float) -> Pool:
    """Give a pool of so many workers of Ray Data, on a cluster or, without an address, here.

    address  of a running cluster, as `ray.init` takes it; Ray stays up until this process ends
    workers  as many as the cluster has GPUs or cores for, where left out
    gpus     of each worker

    The items go to Ray's object store at once, which puts on disk what memory does not hold. Each
    call of the pool starts its workers anew; they share the cluster's cores as threads.
    SetupError where Ray is missing, or no such cluster, or no machine of it has the GPUs.
    """
    if importlib.util.find_spec("ray") is None:
        raise SetupError(
            "engine.name: ray needs Ray, which is not installed.\n  pip install 'abrege[ray]'"
        )
    _start_ray(address or os.environ.get("RAY_ADDRESS"))
    room = _room(gpus)
    size = workers or room
    threads = max(1, cores_of_cluster() // size)
    environment = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    environment["OMP_NUM_THREADS"] = str(threads)

    def in_order(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        import pyarrow as pa
        import ray
        import ray.data

        # A block of its own for each item: what one worker takes at a time.
        blocks = [ray.put(pa.table({"item": [pickle.dumps(item)]})) for item in items]
        if not blocks:
            return
        done = ray.data.from_arrow_refs(blocks).map(
            _Worker,
            fn_constructor_args=(function,),
            compute=ray.data.ActorPoolStrategy(size=min(size, len(blocks))),
            num_cpus=1,
            num_gpus=gpus,
            runtime_env={"env_vars": environment},
        )
        for row in done.iter_rows():
            yield _result(row)

    return in_order


class _Worker:
    """An actor of Ray's: it keeps its function from item to item, and all that this holds."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        item = pickle.loads(row["item"])  # noqa: S301 - `in_order` wrote it
        try:
            return {"result": pickle.dumps(self._function(item)), "told": b""}
        except AbregeError as error:  # as it is for people, without what Ray would add
            return {"result": b"", "told": pickle.dumps(error)}


def _result(row: dict[str, Any]) -> Any:
    if row["told"]:
        raise pickle.loads(row["told"])  # noqa: S301 - a worker of ours wrote it
    return pickle.loads(row["result"])  # noqa: S301


def _start_ray(address: str | None) -> None:
    """Join a cluster, or start Ray here; and let it say only what went wrong."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers of every run
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its cores talk of their own affairs
    import ray
    import ray.data

    if not ray.is_initialized():
        try:
            _knock(address)
            ray.init(
                address,
                num_cpus=None if address else cores(),
                include_dashboard=None if address else False,
                logging_level=logging.ERROR,
                log_to_driver=False,
            )
        except (OSError, ValueError, RuntimeError) as error:  # a ConnectionError is an OSError
            if address is None:
                raise SetupError(f"engine.name: Ray does not start here: {error}") from error
            raise SetupError(
                f"engine.address: {address}: there is no Ray cluster to work on: {error}\n"
                "  Start one with ray start --head, or leave the address out (RAY_ADDRESS too) to "
                "work here."
            ) from error
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False  # ours are drawn
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _knock(address: str | None) -> None:
    """Ask whether anybody listens at a host and port: Ray itself waits for many minutes."""
    place = urlsplit(address if address and "//" in address else f"//{address or ''}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), timeout=CONNECT_SECONDS).close()


def _room(gpus: float) -> int:
    """Count the workers that there is room for; SetupError where not even for one."""
    import ray

    if not gpus:
        return cores_of_cluster()
    most = [node["Resources"].get("GPU", 0.0) for node in ray.nodes() if node["Alive"]]
    if max(most, default=0.0) < gpus:
        raise SetupError(
            f"engine.gpus: {gpus:g}: no machine of the cluster has so many; the most is "
            f"{max(most, default=0.0):g}."
        )
    return sum(int(one / gpus) for one in most)


def cores_of_cluster() -> int:
    """Count the cores of the cluster that was joined."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))
