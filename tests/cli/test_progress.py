import io

import pytest

from abrege.cli.progress import ProgressBars, show_progress
from abrege.core.events import Note, Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def work(on_event, clock: Clock, *, seconds: float, total: int = 100, first: int = 0) -> None:
    """Report a piece of work, row by row, that takes so many seconds in all."""
    for done in range(first, total + 1):
        on_event(Progress("tune", done, total, "steps", {"loss": f"{3 - done / 100:.2f}"}))
        clock.now += seconds / (total - first)


def test_a_note_is_a_line():
    stream = io.StringIO()
    with show_progress(stream) as on_event:
        on_event(Note("split: 300 rows"))
    assert stream.getvalue() == "split: 300 rows\n"


def test_a_log_gets_a_line_every_ten_seconds_and_the_last():
    stream, clock = io.StringIO(), Clock()
    with show_progress(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=25.0)
    assert stream.getvalue().splitlines() == [
        "tune: 40/100 steps, loss 2.60, 00:15 left",
        "tune: 80/100 steps, loss 2.20, 00:05 left",
        "tune: 100/100 steps, loss 2.00, took 00:25",
    ]


def test_a_short_task_is_one_line_of_the_log():
    stream, clock = io.StringIO(), Clock()
    with show_progress(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=1.0)
    assert stream.getvalue() == "tune: 100/100 steps, loss 2.00, took 00:01\n"


def test_the_time_left_counts_only_what_this_run_did():
    stream, clock = io.StringIO(), Clock()
    with show_progress(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=20.0, first=80)
    assert stream.getvalue().splitlines()[0] == "tune: 90/100 steps, loss 2.10, 00:10 left"


def test_a_repeated_task_starts_from_zero():
    stream, clock = io.StringIO(), Clock()
    with show_progress(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=1.0)
        clock.now += 100
        work(on_event, clock, seconds=1.0)
    assert stream.getvalue().splitlines() == ["tune: 100/100 steps, loss 2.00, took 00:01"] * 2


def test_a_terminal_gets_a_bar_with_the_live_figures():
    stream = Terminal()
    with show_progress(stream) as on_event:
        work(on_event, Clock(), seconds=0.0, total=4)
    shown = stream.getvalue().split("\r")[-1]
    assert shown.startswith("tune: 100%")
    assert "4/4" in shown
    assert "steps/s" in shown
    assert "loss=2.96" in shown
    assert shown.endswith("\n")


def test_a_bar_of_resumed_work_counts_only_what_this_run_did():
    bars = ProgressBars(Terminal())
    bars(Progress("tune", 80, 100))
    assert bars._bars["tune"].initial == 80  # tqdm divides n - initial by the time
    bars.close()


def test_a_note_does_not_break_a_bar():
    stream = Terminal()
    with show_progress(stream) as on_event:
        on_event(Progress("tune", 1, 2))
        on_event(Note("validation loss 2.1"))
        on_event(Progress("tune", 2, 2))
    lines = stream.getvalue().splitlines()
    assert "validation loss 2.1" in lines


def test_a_bar_is_left_in_place_when_the_work_is_interrupted():
    stream = Terminal()

    references = []  # or the garbage collector would close the bar

    def interrupted() -> None:
        with show_progress(stream) as on_event:
            references.append(on_event)
            on_event(Progress("tune", 1, 2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\n")


def test_a_task_without_units_shows_no_bar():
    stream = Terminal()
    with show_progress(stream) as on_event:
        on_event(Progress("tune", 0, 0))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_nothing_is_colored(stream):
    with show_progress(stream) as on_event:
        on_event(Note("a choice"))
        work(on_event, Clock(), seconds=0.0, total=3)
    assert "\x1b[3" not in stream.getvalue()  # the colors; a bar may move the cursor


def test_of_several_processes_only_rank_0_prints(monkeypatch):
    for rank, text in (("0", "hello\n"), ("1", "")):
        monkeypatch.setenv("RANK", rank)
        stream = io.StringIO()
        with show_progress(stream) as on_event:
            on_event(Note("hello"))
        assert stream.getvalue() == text
