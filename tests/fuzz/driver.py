"""Run one case after another in this process, each with a generator of its own.

Seeded by ABREGE_FUZZ_SEED (default 0); a failure prints the family, the seed and the case, and
`ABREGE_FUZZ_CASE=family:number` runs that one alone.
"""

import contextlib
import io
import os
import random
import signal
import traceback

from abrege.cli import main

SEED = int(os.environ.get("ABREGE_FUZZ_SEED", "0"))
ONLY = os.environ.get("ABREGE_FUZZ_CASE", "")
EXITS = (0, 1, 2, 3, 4, 5)
HANG_SECONDS = 20


class HangError(Exception):
    """A case took longer than HANG_SECONDS."""


@contextlib.contextmanager
def time_limit(name):
    """Raise HangError where the body takes longer than HANG_SECONDS."""

    def stop(*_):
        raise HangError(name)

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(arguments):
    """Run a command in this process; return its exit code and what it printed on stderr."""
    out, err = io.StringIO(), io.StringIO()
    with (
        time_limit(" ".join(arguments)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(arguments)
    return code, err.getvalue()


def shorten(lines):
    """Return the last frames of a traceback that are of this package, and its last lines."""
    frames = [line for line in lines if "/abrege/" in line and line.startswith("  File")]
    return "\n".join([*frames[-4:], *lines[-3:]]) + "\n"


def fuzz(family, count, attempt):
    """Run the cases of a family, each with a generator of its own; report all that fail."""
    failures = []
    for number in range(count):
        if ONLY and f"{family}:{number}" != ONLY:
            continue
        try:
            attempt(random.Random(f"{SEED} {family} {number}"))
        except Exception:
            failures.append(
                f"ABREGE_FUZZ_SEED={SEED} ABREGE_FUZZ_CASE={family}:{number}\n"
                + shorten(traceback.format_exc().splitlines())
            )
    assert not failures, f"{len(failures)} of {count}:\n" + "\n".join(failures[:6])
