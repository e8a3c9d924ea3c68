from dataclasses import replace

import pytest

from kilter.report.cost import cost_line, cost_section, intervals_line
from kilter.values.cost import Cost
from kilter.values.document import Grid, Heading, Paragraph

COST = Cost(
    parameters=1_234_567,
    trained=1_234_567,
    flops=586e6,
    steps=470,
    examples=28_980,
    tokens=461_514,
    seconds=50.0,
    waiting=1.0,
    evaluating=4.0,
    saving=1.0,
    measuring=0.25,
    memory=672 << 20,
)
RECIPE = {"train": {"evaluate_every": "1ep", "length": "3ep"}, "save": {"every": "200st"}}


def facts(cost, recipe=RECIPE):
    heading, table, *more = cost_section(cost, recipe)
    assert isinstance(heading, Heading)
    assert isinstance(table, Grid)
    return dict(table.rows), more


def test_the_account_is_a_table():
    table, more = facts(COST)
    assert table == {
        "parameters": "1,234,567",
        "a step": "586 MFLOP",
        "examples": "28,980; 644 a second",
        "tokens": "461,514; 10,300 a second",
        "speed": "6.12 GFLOP a second",
        "peak memory": "672 MiB",
        "time": "50.0 s",
        "waiting for batches": "2.0 % of it",
        "evaluating": "8.0 % of it",
        "saving": "2.0 % of it",
        "measuring layers": "0.5 % of it",
    }
    assert more == []


def test_what_is_not_known_or_not_there_is_left_out():
    bare = replace(
        COST, trained=12, flops=None, unknown="it is\nodd", tokens=0, steps=0, memory=None, saving=0.0, measuring=0.0
    )
    table, _ = facts(bare)
    assert table["parameters"] == "1,234,567, 12 of them trained"
    assert table["a step"] == "not counted: it is odd"
    assert table["examples"] == "28,980"
    assert not {"tokens", "speed", "peak memory", "saving", "measuring layers"} & set(table)


def test_longer_intervals_are_said_where_shorter_ones_cost_much():
    slow = replace(COST, evaluating=20.0, saving=15.0)
    said = "With train.evaluate_every = 24ep and save.every = 3600st, evaluating and saving would take about a tenth"
    assert intervals_line(slow, RECIPE) == f"{said} of the time"
    _, more = facts(slow)
    assert more == [Paragraph(text=f"{said} of the time.")]


@pytest.mark.parametrize("recipe", [{}, {"train": "?"}, {"train": {"evaluate_every": "now"}, "save": {"every": "1ep"}}])
def test_intervals_of_a_recipe_that_does_not_say_them_are_not_made_up(recipe):
    assert intervals_line(replace(COST, evaluating=40.0), recipe) == ""


def test_a_few_words_tell_the_rate_and_what_took_long():
    assert cost_line(COST) == "644 examples a second"
    assert cost_line(replace(COST, waiting=20.0)) == "644 examples a second, 40.0 % of the time waiting for batches"
    assert cost_line(replace(COST, steps=0)) == ""
