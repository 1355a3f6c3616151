import re

import pytest

from abrege.report import plots, svg
from abrege.report.view_model import LengthSample, LossPoint
from builders.report_view import ParsedPage, a_run, an_estimate


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 38.8, [0, 10, 20, 30, 40]),
        (2.21, 3.2, [2.2, 2.4, 2.6, 2.8, 3.0, 3.2]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 94, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_ticks_are_round_and_cover_all_values(low, high, expected):
    assert svg.ticks(low, high) == expected


def test_ticks_of_a_single_value_surround_it():
    values = svg.ticks(3.0, 3.0)

    assert values[0] < 3.0 < values[-1]


def test_a_scale_is_linear_and_stays_on_the_drawing():
    scale = svg.Scale(0, 40, 80, 400)

    assert [scale(v) for v in (0, 10, 40, 50, -1)] == [80, 160, 400, 400, 80]


def test_markers_and_whiskers_are_at_their_values():
    report = a_run(systems={"tuned": {"rougeL": an_estimate(0.3, low=0.2, high=0.4)}})
    [panel] = plots.draw_scores(report)

    x = svg.Scale(
        0, 40, plots.LABEL_WIDTH, plots.WIDTH - 48
    )  # the axis runs from 0 to the next round number
    assert f'<circle cx="{svg.coordinate(x(30))}"' in panel
    [whisker] = re.findall(r'<line x1="(\S+)" y1="\S+" x2="(\S+)" y2="\S+" class="whisker', panel)[
        :1
    ]
    assert whisker == (svg.coordinate(x(20)), svg.coordinate(x(40)))


def test_systems_differ_in_shape_too():
    systems = {s: {"rougeL": an_estimate(0.3)} for s in ("tuned", "base", "base-cut", "lead")}
    [panel] = plots.draw_scores(a_run(systems=systems))

    corners = [len(p.split()) for p in re.findall(r'points="([^"]+)"', panel)]
    assert panel.count("<circle") == 1
    assert corners == [4, 4, 3]  # square, diamond, triangle


def test_a_plot_has_its_numbers_in_a_title_for_screen_readers():
    [_, panel] = plots.draw_scores(a_run())

    page = ParsedPage(panel)
    title = page.inside("title")
    assert ("svg", "aria-label", title) in page.attributes
    assert title == "ROUGE-L: Tuned 26.8 [24.8, 28.8], Base 10.9 [8.9, 12.9]"


def test_without_scores_there_is_no_panel_and_without_steps_no_curve():
    assert plots.draw_scores(a_run(systems={})) == []
    assert plots.draw_losses([]) is None
    assert plots.draw_lengths([]) is None


def test_a_single_step_is_a_dot_and_two_are_a_line():
    one = plots.draw_losses([LossPoint(step=1, loss=3.0)])
    two = plots.draw_losses([LossPoint(step=1, loss=3.0), LossPoint(step=2, loss=2.0)])

    assert "<circle" in one
    assert "<path" not in one
    assert "<path" in two
    assert "<circle" not in two


def test_a_key_names_validation_only_where_there_is_one():
    assert "validation" not in plots.draw_losses([LossPoint(step=1, loss=3.0)])
    assert "validation" in plots.draw_losses([LossPoint(step=1, eval_loss=3.0)])


def test_a_long_curve_keeps_its_first_and_last_step():
    points = [(i, 1.0) for i in range(1, 10_001)]
    thinned = plots.thinned(points)

    assert len(thinned) <= 601
    assert (thinned[0], thinned[-1]) == (points[0], points[-1])
    assert plots.thinned(points[:600]) == points[:600]


def test_bars_are_shares_and_the_last_bin_has_all_longer_texts():
    shares = plots.histogram([0, 1, 2, 2000], width=1.0)

    assert (shares[0], shares[1], shares[2], shares[-1]) == (0.25, 0.25, 0.25, 0.25)
    assert sum(shares) == 1


def test_one_very_long_text_does_not_flatten_the_others():
    words = [20] * 200 + [5000]
    plot = plots.draw_lengths([LengthSample(name="base", kind="base", words=words)])

    assert plots.length_limit([LengthSample(name="base", kind="base", words=words)]) == 20
    assert "20+" in ParsedPage(plot).text
    assert plots.length_limit([LengthSample(name="few", kind="base", words=[20, 24, 30])]) == 30


def test_empty_texts_can_be_drawn():
    empty = [LengthSample(name="base", kind="base", words=[0, 0])]

    assert "median 0" in plots.draw_lengths(empty)
    assert plots.length_limit(empty) == 1


def test_a_name_cannot_leave_its_attribute():
    report = a_run(systems={'x" onload="y': {"rougeL": an_estimate(0.3)}})
    page = ParsedPage(plots.draw_scores(report)[0])

    assert "onload" not in {name for _, name, _ in page.attributes}
