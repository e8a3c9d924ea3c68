from __future__ import annotations

import json

import pytest

from kilter.report.plots import (
    COLOURS,
    Interval,
    Line,
    Mark,
    Steps,
    chart_text,
    heatmap,
    histogram,
    intervals,
    lines,
)
from kilter.values.finding import Severity


def luminance(colour):
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("page", ["#ffffff", "#12161b"])
def test_colours_stand_out_from_both_pages(colour, page):
    light, dark = sorted((luminance(colour), luminance(page)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_values_that_are_not_finite_leave_a_gap():
    spec = lines(
        [Line(name="loss", x=[1, 2, 3, 4], y=[1.0, float("nan"), float("inf"), 0.5])], x_title="step", y_title="loss"
    )
    assert spec["data"][0]["y"] == [1.0, None, None, 0.5]
    json.dumps(spec, allow_nan=False)


def test_what_a_logarithm_cannot_show_leaves_a_gap():
    spec = lines([Line(name="norm", x=[1, 2], y=[0.0, 2.0])], x_title="", y_title="", logarithmic=True)
    assert spec["data"][0]["y"] == [None, 2.0]
    assert spec["layout"]["yaxis"]["type"] == "log"


def test_marks_have_a_line_and_a_text_and_neighbours_stand_on_levels():
    marks = [
        Mark(x=90, text="C103 overfitting"),
        Mark(x=10, text="C101 divergence", severity=Severity.FAILURE),
        Mark(x=11, text="C102 plateau"),
    ]
    spec = lines([Line(name="loss", x=[0, 100], y=[1, 2])], x_title="", y_title="", marks=marks)
    assert [shape["x0"] for shape in spec["layout"]["shapes"]] == [10, 11, 90]
    placed = [(note["text"], note["yshift"]) for note in spec["layout"]["annotations"]]
    assert placed == [("C101 divergence", 0), ("C102 plateau", 16), ("C103 overfitting", 0)]


def test_intervals_keep_their_order_and_missing_bounds_have_no_length():
    rows = [
        Interval(name="network", value=0.8, low=0.7, high=0.85, emphasised=True),
        Interval(name="linear", value=0.7, low=None, high=None),
    ]
    spec = intervals(rows, x_title="accuracy")
    other, network = spec["data"]
    assert (network["y"], other["y"]) == ([0], [1])
    assert network["error_x"]["array"] == pytest.approx([0.05])
    assert network["error_x"]["arrayminus"] == pytest.approx([0.1])
    assert other["error_x"]["array"] == [0.0]
    low, high = spec["layout"]["yaxis"]["range"]
    assert low > high  # the first row is on top


def test_a_heatmap_colours_shares_and_says_counts():
    spec = heatmap([[3, 1], [0, 0]], ["a", "b"], x_title="decided", y_title="truth", cells={(0, 1): {"title": "t"}})
    (trace,) = spec["data"]
    assert trace["z"] == [[0.75, 0.25], [0.0, 0.0]]
    assert trace["text"] == [["3", "1"], ["", ""]]
    assert trace["hovertext"] == [
        ["a taken for a<br>3 (75.0 % of the row)", "a taken for b<br>1 (25.0 % of the row)"],
        [None] * 2,
    ]
    assert trace["customdata"] == [[None, {"title": "t"}], [None, None]]


def test_labels_that_look_alike_when_cut_keep_their_places():
    names = ["the same beginning of a long label, one", "the same beginning of a long label, two"]
    spec = heatmap([[1, 0], [0, 1]], names, x_title="", y_title="", cells={})
    assert spec["layout"]["xaxis"]["tickvals"] == [0, 1]
    assert len(set(spec["layout"]["xaxis"]["ticktext"])) == 1


def test_big_tables_have_no_text_in_their_cells():
    size = 77
    spec = heatmap([[1] * size] * size, [str(i) for i in range(size)], x_title="", y_title="", cells={})
    assert "text" not in spec["data"][0]
    assert "width" not in spec["layout"]


@pytest.mark.parametrize("text", ["<b>x</b>", '<a href="https://example.org">x</a>', "&lt;i&gt;", "<br>"])
def test_no_tag_reaches_a_chart(text):
    assert "<" not in chart_text(text)
    assert ">" not in chart_text(text)
    spec = lines([Line(name=text, x=[1], y=[1])], x_title=text, y_title=text, marks=[Mark(x=1, text=text)])
    assert "<" not in json.dumps(spec)


def test_only_traces_that_are_drawn_as_svg():
    specs = [
        lines([Line(name="", x=[1], y=[1])], x_title="", y_title=""),
        intervals([Interval(name="", value=1, low=None, high=None)], x_title=""),
        heatmap([[1]], ["a"], x_title="", y_title="", cells={}),
    ]
    assert {trace["type"] for spec in specs for trace in spec["data"]} == {"scatter", "heatmap"}


def test_a_logarithmic_axis_of_few_decades_has_more_marks():
    from kilter.report.plots import BLUE, Line, lines

    def ticks(top):
        drawn = [Line(name="a", x=[1, 2], y=[1.0, top], colour=BLUE)]
        return lines(drawn, x_title="", y_title="", logarithmic=True)["layout"]["yaxis"]["dtick"]

    assert ticks(20.0) == "D2"
    assert ticks(2000.0) == 1


def test_a_histogram_ends_at_its_last_edge():
    spec = histogram([0.0, 0.5, 1.0], [Steps(name="right", heights=[3, 1])], x_title="", y_title="")
    (trace,) = spec["data"]
    assert (trace["x"], trace["y"]) == ([0.0, 0.5, 1.0], [3, 1, 1])
    assert trace["line"]["shape"] == "hv"
    assert spec["layout"]["showlegend"] is False


def test_over_powers_lines_stand_at_numbers_and_their_texts_at_powers():
    marks = [Mark(x=0.1, text="taken"), Mark(x=0.08, text="from"), Mark(x=100.0, text="to")]
    curve = Line(name="loss", x=[0.01, 0.1, 1000.0], y=[3.0, 1.0, 2.0])
    layout = lines([curve], x_title="rate", y_title="loss", marks=marks, powers=True)["layout"]

    assert (layout["xaxis"]["type"], layout["xaxis"]["dtick"]) == ("log", 1)
    assert [shape["x0"] for shape in layout["shapes"]] == [0.08, 0.1, 100.0]
    assert [note["x"] for note in layout["annotations"]] == pytest.approx([-1.097, -1.0, 2.0], abs=1e-3)
    assert [note["yshift"] for note in layout["annotations"]] == [0, 16, 0]
    assert "type" not in lines([curve], x_title="", y_title="")["layout"]["xaxis"]
