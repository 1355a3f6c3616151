import io

import pytest

from abrege.cli.progress import Bars, drawing
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
    with drawing(stream) as on_event:
        on_event(Note("split: 300 rows"))
    assert stream.getvalue() == "split: 300 rows\n"


def test_a_log_gets_a_line_each_ten_seconds_and_the_last():
    stream, clock = io.StringIO(), Clock()
    with drawing(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=25.0)
    assert stream.getvalue().splitlines() == [
        "tune: 40/100 steps, loss 2.60, 00:15 left",
        "tune: 80/100 steps, loss 2.20, 00:05 left",
        "tune: 100/100 steps, loss 2.00, took 00:25",
    ]


def test_short_work_is_one_line_of_the_log():
    stream, clock = io.StringIO(), Clock()
    with drawing(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=1.0)
    assert stream.getvalue() == "tune: 100/100 steps, loss 2.00, took 00:01\n"


def test_the_time_left_counts_only_what_this_run_did():
    stream, clock = io.StringIO(), Clock()
    with drawing(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=20.0, first=80)
    assert stream.getvalue().splitlines()[0] == "tune: 90/100 steps, loss 2.10, 00:10 left"


def test_a_task_that_comes_again_starts_anew():
    stream, clock = io.StringIO(), Clock()
    with drawing(stream, clock=clock) as on_event:
        work(on_event, clock, seconds=1.0)
        clock.now += 100
        work(on_event, clock, seconds=1.0)
    assert stream.getvalue().splitlines() == ["tune: 100/100 steps, loss 2.00, took 00:01"] * 2


def test_a_terminal_gets_a_bar_with_the_live_figures():
    stream = Terminal()
    with drawing(stream) as on_event:
        work(on_event, Clock(), seconds=0.0, total=4)
    shown = stream.getvalue().split("\r")[-1]
    assert shown.startswith("tune: 100%")
    assert "4/4" in shown
    assert "steps/s" in shown
    assert "loss=2.96" in shown
    assert shown.endswith("\n")


def test_a_bar_of_resumed_work_counts_only_what_this_run_did():
    bars = Bars(Terminal())
    bars(Progress("tune", 80, 100))
    assert bars._open["tune"].initial == 80  # tqdm divides n - initial by the time
    bars.close()


def test_a_note_does_not_break_a_bar():
    stream = Terminal()
    with drawing(stream) as on_event:
        on_event(Progress("tune", 1, 2))
        on_event(Note("validation loss 2.1"))
        on_event(Progress("tune", 2, 2))
    lines = stream.getvalue().splitlines()
    assert "validation loss 2.1" in lines


def test_a_bar_is_left_in_place_when_the_work_is_interrupted():
    stream = Terminal()

    kept = []  # or the bar would be taken down by the garbage collector

    def interrupted() -> None:
        with drawing(stream) as on_event:
            kept.append(on_event)
            on_event(Progress("tune", 1, 2))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\n")


def test_nothing_to_do_draws_no_bar():
    stream = Terminal()
    with drawing(stream) as on_event:
        on_event(Progress("tune", 0, 0))
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_nothing_is_coloured(stream):
    with drawing(stream) as on_event:
        on_event(Note("a choice"))
        work(on_event, Clock(), seconds=0.0, total=3)
    assert "\x1b[3" not in stream.getvalue()  # the colours; a bar may move the cursor


def test_of_several_processes_only_the_first_speaks(monkeypatch):
    for rank, said in (("0", "hello\n"), ("1", "")):
        monkeypatch.setenv("RANK", rank)
        stream = io.StringIO()
        with drawing(stream) as on_event:
            on_event(Note("hello"))
        assert stream.getvalue() == said
