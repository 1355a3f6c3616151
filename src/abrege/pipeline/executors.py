"""Executors: map a function over items in local processes or on a Ray cluster, in order."""

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
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from abrege.core.errors import AbregeError, SetupError

A = TypeVar("A")
B = TypeVar("B")

QUEUED = 2
"""Items submitted per process: enough that none is idle, few enough to hold in memory."""
CONNECT_SECONDS = 10.0
FORWARDED = ("ABREGE_CACHE", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN")
"""Environment variables that are forwarded to workers on other machines."""


class Pool(Protocol):
    """A map over items that keeps their order."""

    def __call__(self, function: Callable[[A], B], items: Iterable[A], /) -> Iterator[B]:
        """Yield the result for each item."""


class LazyFunction(Generic[A, B]):
    """A function that each process builds for itself at its first call.

    For functions that hold what cannot or should not be pickled, such as an open model.
    """

    def __init__(self, build: Callable[[], Callable[[A], B]]) -> None:
        self._build = build
        self._function: Callable[[A], B] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_build": self._build, "_function": None}

    def __call__(self, item: A) -> B:
        """Apply the function."""
        if self._function is None:
            self._function = self._build()
        return self._function(item)


def open_pool(name: str, *, address: str | None, workers: int | None, gpus: float) -> Pool | None:
    """Return the pool that an engine's settings name; None for this process by itself.

    name  local or ray; the other arguments are those of `on_ray`
    """
    return None if name == "local" else on_ray(address=address, workers=workers, gpus=gpus)


def absolute_if_path(model: str) -> str:
    """Return a model's name for a process in another folder: a path that exists gets absolute."""
    path = Path(model).expanduser()
    return str(path.resolve()) if path.exists() else model


@contextmanager
def on_cores(processes: int | None = None) -> Iterator[Pool]:
    """Yield a pool of local processes, one for each core by default; one is this process itself.

    Processes are spawned and not forked: a process that has run torch cannot be forked safely.
    """
    processes = processes or cores()
    if processes == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context)

    def in_order(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        pending: deque[Future[B]] = deque()
        for item in items:
            pending.append(executor.submit(function, item))
            if len(pending) > QUEUED * processes:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    try:
        yield in_order
    finally:
        executor.shutdown(cancel_futures=True)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_ray(*, address: str | None, workers: int | None, gpus: float) -> Pool:
    """Return a pool of Ray Data workers, on a cluster or, without an address, on this machine.

    address  address of a running cluster, as `ray.init` takes it; Ray runs until this process ends
    workers  default: as many as the cluster has GPUs or cores for
    gpus     GPUs of each worker

    All items go to Ray's object store at once, which spills to disk. Each call of the pool starts
    new workers, which share the cluster's cores as threads. Raise SetupError where Ray is missing,
    the cluster does not answer, or no machine of it has so many GPUs.
    """
    if importlib.util.find_spec("ray") is None:
        raise SetupError(
            "engine.name: ray needs Ray, which is not installed.\n  pip install 'abrege[ray]'"
        )
    _start_ray(address or os.environ.get("RAY_ADDRESS"))
    capacity = _capacity(gpus)  # an error where no machine has the GPUs, whatever `workers` says
    size = workers or capacity
    threads = max(1, cores_of_cluster() // size)
    environment = {name: os.environ[name] for name in FORWARDED if name in os.environ}
    environment["OMP_NUM_THREADS"] = str(threads)

    def in_order(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        import pyarrow as pa
        import ray
        import ray.data

        # One block per item: a worker takes one block at a time.
        blocks = [ray.put(pa.table({"item": [pickle.dumps(item)]})) for item in items]
        if not blocks:
            return
        results = ray.data.from_arrow_refs(blocks).map(
            _Worker,
            fn_constructor_args=(function,),
            compute=ray.data.ActorPoolStrategy(size=min(size, len(blocks))),
            num_cpus=1,
            num_gpus=gpus,
            runtime_env={"env_vars": environment},
        )
        for row in results.iter_rows():
            yield _result(row)

    return in_order


class _Worker:
    """A Ray actor that keeps its function, and what that holds, from item to item."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        item = pickle.loads(row["item"])  # noqa: S301 - `in_order` wrote it
        try:
            return {"result": pickle.dumps(self._function(item)), "error": b""}
        except AbregeError as error:  # returned, for Ray would add its own traceback to it
            return {"result": b"", "error": pickle.dumps(error)}


def _result(row: dict[str, Any]) -> Any:
    if row["error"]:
        raise pickle.loads(row["error"])  # noqa: S301 - `_Worker` wrote it
    return pickle.loads(row["result"])  # noqa: S301


def _start_ray(address: str | None) -> None:
    """Connect to a cluster, or start Ray here, with logging of errors only."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no telemetry
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray
    import ray.data

    if not ray.is_initialized():
        try:
            _check_reachable(address)
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


def _check_reachable(address: str | None) -> None:
    """Raise OSError where nothing listens at a host and port: Ray itself waits for minutes."""
    url = urlsplit(address if address and "//" in address else f"//{address or ''}")
    if url.hostname and url.port:
        socket.create_connection((url.hostname, url.port), timeout=CONNECT_SECONDS).close()


def _capacity(gpus: float) -> int:
    """Return how many workers fit on the cluster; raise SetupError where none does."""
    import ray

    if not gpus:
        return cores_of_cluster()
    per_node = [node["Resources"].get("GPU", 0.0) for node in ray.nodes() if node["Alive"]]
    if max(per_node, default=0.0) < gpus:
        raise SetupError(
            f"engine.gpus: {gpus:g}: no machine of the cluster has so many; the most is "
            f"{max(per_node, default=0.0):g}."
        )
    return sum(int(count / gpus) for count in per_node)


def cores_of_cluster() -> int:
    """Return the number of cores of the connected cluster."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 1)))
