"""Charts of shares against shares."""

from __future__ import annotations

import json

import pytest

from kilter.report.plots import GREY, ORANGE, Line
from kilter.report.squares import Point, Spot, against_diagonal, trade_offs

ROC = Line(name="<rare>", x=(0.0, 0.1, 1.0), y=(0.0, 0.8, 1.0))
CHANCE = Line(name="chance", x=(0, 1), y=(0, 1), colour=GREY)


def test_points_stand_beside_the_diagonal_with_their_bounds():
    points = [Point(x=0.7, y=0.6, low=0.5, high=0.65, text="<b>"), Point(x=0.9, y=0.9, low=None, high=None, text="")]
    spec = against_diagonal(points, x_title="said", y_title="right", diagonal="same")
    line, placed = spec["data"]
    assert (line["x"], line["y"]) == ([0, 1], [0, 1])
    assert placed["error_y"]["array"] == pytest.approx([0.05, 0.0])
    assert placed["error_y"]["arrayminus"] == pytest.approx([0.1, 0.0])
    assert placed["hovertext"][0] == "&lt;b&gt;"
    json.dumps(spec, allow_nan=False)


def test_a_curve_stands_over_chance_with_its_spots():
    spot = Spot(x=0.1, y=0.8, text="largest f1 <0.3>", colour=ORANGE)
    spec = trade_offs([ROC], chance=[CHANCE], spots=[spot], x_title="false alarms", y_title="recall")
    chance, curve, marked = spec["data"]
    assert (chance["x"], chance["y"], chance["line"]["dash"]) == ([0, 1], [0, 1], "dash")
    assert (curve["x"], curve["y"], curve["line"]["shape"]) == ([0.0, 0.1, 1.0], [0.0, 0.8, 1.0], "linear")
    assert curve["name"] == "&lt;rare&gt;"
    assert (marked["x"], marked["y"], marked["marker"]["color"]) == ([0.1], [0.8], [ORANGE])
    assert marked["hovertext"] == ["largest f1 &lt;0.3&gt;"]
    assert spec["layout"]["showlegend"] is False
    json.dumps(spec, allow_nan=False)


def test_several_curves_have_a_legend_with_room_and_steps_hold_up_to_their_point():
    alone = trade_offs([ROC], chance=[CHANCE], x_title="", y_title="")
    spec = trade_offs([ROC, ROC, ROC], chance=[CHANCE], x_title="", y_title="", steps=True)
    assert spec["layout"]["showlegend"] is True
    assert spec["layout"]["height"] == alone["layout"]["height"] + 44
    assert [trace["line"]["shape"] for trace in spec["data"][1:]] == ["vh"] * 3
    assert spec["data"][0]["showlegend"] is False
