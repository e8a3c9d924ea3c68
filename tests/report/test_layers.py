import math

import pytest

from kilter.report.layers import MOST, layer_section, spread
from kilter.values.document import Figure, Heading
from kilter.values.history import History


def measured(layers, steps=(1, 8, 64), *, last=None):
    history = History()
    for step in steps:
        row = {"train.loss": 1.0}
        for depth in range(layers):
            row |= {f"gradient/net.{depth}.weight": 10.0**-depth, f"gradient/net.{depth}.bias": 1.0}
            row |= {f"update/net.{depth}.weight": 0.001 * (depth + 1), f"weight/net.{depth}.weight": 1.0}
        history = history.append(step, row | {"layers.every": {1: 8.0}.get(step, 64.0)} | (last or {}))
    return history


def figures(history):
    return {block.title: block for block in layer_section(history) if isinstance(block, Figure)}


def test_gradients_and_updates_of_weights_have_a_chart_each():
    drawn = figures(measured(3))
    assert list(drawn) == ["Gradients by layer", "Updates by layer"]
    data = drawn["Gradients by layer"].spec["data"]
    assert [trace["name"] for trace in data] == ["net.0.weight", "net.1.weight", "net.2.weight"]
    assert data[0]["x"] == [1, 8, 64]
    assert drawn["Gradients by layer"].spec["layout"]["yaxis"]["type"] == "log"
    assert drawn["Gradients by layer"].says == (
        "At the end between 0.01 in net.2.weight and 1 in net.0.weight, of 3 layers; "
        "measured in 3 steps, every 8 at first, every 64 at the end."
    )
    assert isinstance(next(layer_section(measured(3))), Heading)


def test_of_a_deep_network_some_layers_are_drawn_and_all_are_told():
    drawn = figures(measured(30))["Updates by layer"]
    names = [trace["name"] for trace in drawn.spec["data"]]
    assert len(names) == MOST
    assert (names[0], names[-1]) == ("net.0.weight", "net.29.weight")
    assert "of 30 layers" in drawn.says


def test_nothing_is_drawn_of_a_single_measurement_or_of_none():
    assert list(layer_section(History().append(1, {"train.loss": 1.0}))) == []
    assert list(layer_section(measured(3, steps=(1,)))) == []


def test_what_no_weight_is_called_is_drawn_all_the_same():
    history = History.of((step, {"gradient/scale": 0.5}) for step in (1, 2))
    assert figures(history)["Gradients by layer"].says == "At the end 0.5 in scale."


def test_what_does_not_move_is_left_out_and_what_is_no_number_is_told():
    still = measured(2, last={"update/net.0.weight": 0.0})
    assert [trace["name"] for trace in figures(still)["Updates by layer"].spec["data"]] == ["net.1.weight"]
    broken = measured(1).append(80, {"gradient/net.0.weight": math.nan})
    assert figures(broken)["Gradients by layer"].says.startswith("At the end none was a finite number")


@pytest.mark.parametrize("count", [1, 2, 6, 7, 100])
def test_places_are_spread_evenly(count):
    places = spread(count)
    assert (places[0], places[-1], len(places)) == (0, count - 1, min(count, MOST))
    assert max(b - a for a, b in zip(places, [*places[1:], places[-1]], strict=True)) <= math.ceil(count / 5)
