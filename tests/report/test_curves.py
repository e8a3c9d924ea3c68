from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.report.curves import MOST_POINTS, curve_section, smooth, step_of, thin
from kilter.values.document import Figure
from kilter.values.finding import Finding, Severity
from kilter.values.history import History
from kilter.values.plan import Plan


def finding(*, where=(), **evidence):
    return Finding(
        code="C101", name="divergence", severity=Severity.FAILURE, seen="", advice="", where=where, evidence=evidence
    )


def figures(history, findings=(), plan=None):
    return {block.title: block for block in curve_section(history, findings, plan) if isinstance(block, Figure)}


def planned(rates, *, endless=False):
    return Plan(
        rows=10,
        rows_an_epoch=10,
        batches=5,
        smallest=2,
        largest=2,
        tokens=None,
        accumulate=1,
        steps_per_epoch=5,
        steps=None if endless else len(rates),
        epochs=None if endless else len(rates) / 5,
        length=f"{len(rates)}st",
        schedule="linear",
        at=tuple(range(1, len(rates) + 1)),
        rates=tuple(rates),
        marks=(),
    )


def test_the_rate_stands_beside_its_plan():
    rates = [0.1 * (1 - step / 10) for step in range(10)]
    history = History().extend(range(1, 8), {"train.learning_rate": rates[:7]})
    drawn = figures(history, plan=planned(rates))["Learning rate"]
    assert [trace["name"] for trace in drawn.spec["data"]] == ["planned", "learning rate"]
    assert [len(trace["x"]) for trace in drawn.spec["data"]] == [10, 7]
    assert drawn.says.endswith("at the end, as planned.")


def test_a_rate_that_left_its_plan_says_where_and_how_far():
    history = History().extend(range(1, 9), {"train.learning_rate": [0.1] * 4 + [0.05] * 2 + [0.025] * 2})
    says = figures(history, plan=planned([0.1] * 12))["Learning rate"].says
    assert "planned otherwise from step 5 on: in the end 0.25 of the plan" in says


@pytest.mark.parametrize("plan", [None, planned([0.1, 0.1], endless=True)], ids=["none", "by the clock"])
def test_without_a_plan_of_the_whole_run_nothing_is_said_of_one(plan):
    drawn = figures(History().extend([1, 2], {"train.learning_rate": [0.1, 0.1]}), plan=plan)["Learning rate"]
    assert len(drawn.spec["data"]) == 1
    assert "plan" not in drawn.says


def test_each_recorded_quantity_has_its_chart(languages):
    drawn = figures(languages.history, languages.findings)
    assert list(drawn) == ["Loss", "Scores", "Gradient norm before clipping", "Learning rate"]
    assert [trace["name"] for trace in drawn["Loss"].spec["data"]] == [
        "training each step",
        "mean of 24 steps",
        "validation",
    ]
    assert [trace["name"] for trace in drawn["Scores"].spec["data"]] == ["valid.accuracy", "valid.macro-F1"]


def test_findings_are_marked_at_their_steps(languages):
    drawn = figures(languages.history, languages.findings)
    assert [note["text"] for note in drawn["Loss"].spec["layout"]["annotations"]] == ["C103 overfitting"]
    assert [shape["x0"] for shape in drawn["Scores"].spec["layout"]["shapes"]] == [800]
    assert drawn["Loss"].says.endswith("Marked: C103 overfitting at step 800.")
    assert "annotations" in drawn["Learning rate"].spec["layout"]
    assert drawn["Learning rate"].spec["layout"]["annotations"] == []


@pytest.mark.parametrize(
    ("made", "step"),
    [
        (finding(step=120), 120),
        (finding(step=np.float64(7).item()), 7),
        (finding(where=("step 120",)), 120),
        (finding(where=("layer.weight", "optimizer step 1,200")), 1200),
        (finding(where=("train.csv:120",)), None),
        (finding(where=("120",)), None),
        (finding(step=float("nan")), None),
        (finding(step=True), None),
        (finding(step="late"), None),
        (finding(), None),
    ],
)
def test_where_a_finding_says_its_step(made, step):
    assert step_of(made) == step


def test_a_step_beyond_the_curve_is_not_marked():
    drawn = figures(History().append(1, {"train.loss": 1.0}).append(2, {"train.loss": 0.5}), [finding(step=99)])
    assert drawn["Loss"].spec["layout"]["shapes"] == []


def test_nothing_recorded_nothing_drawn():
    assert figures(History()) == {}
    assert figures(History().append(1, {"clock.seconds": 1.0})) == {}


def test_values_without_a_number_are_told_and_are_gaps():
    nan = float("nan")
    history = History.of(
        (step, {"train.loss": nan if step > 2 else 1.0, "train.learning_rate": nan}) for step in (1, 2, 3)
    )
    drawn = figures(history)
    assert drawn["Loss"].says.endswith("highest 1.000 at 1, 1 of 3 not finite.")
    assert drawn["Learning rate"].says == "The rate was never a finite number."
    assert drawn["Loss"].spec["data"][0]["y"] == [1.0, 1.0, None]
    never = figures(History().append(1, {"train.loss": nan}))
    assert never["Loss"].says == "Training loss: never a finite number."


def test_scores_of_another_range_have_a_chart_of_their_own():
    history = History.of((step, {"valid.R²": -3.0 + step, "valid.accuracy": 0.1 * step}) for step in range(1, 6))
    assert list(figures(history)) == ["valid.accuracy", "valid.R²"]


def test_a_wide_gradient_norm_is_drawn_by_its_logarithm():
    history = History.of((step, {"train.gradient_norm": 10.0**-step}) for step in range(6))
    assert figures(history)["Gradient norm before clipping"].spec["layout"]["yaxis"]["type"] == "log"


@given(st.lists(st.floats(), min_size=1, max_size=5 * MOST_POINTS // 2))
def test_thinning_keeps_the_extremes_and_the_gaps(drawn):
    values = np.array(drawn * 3)
    steps = np.arange(len(values))
    x, y = thin(steps, values)
    assert len(x) <= max(MOST_POINTS, 1)
    assert x == sorted(x)
    assert np.array_equal(values[x], np.array(y), equal_nan=True)
    assert np.isfinite(values).all() == np.isfinite(y).all()
    if np.isfinite(values).all():
        assert (max(y), min(y)) == (values.max(), values.min())


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=40), st.integers(1, 12))
def test_smoothing_is_the_plain_running_mean(drawn, width):
    values = np.array(drawn)
    for place, mean in enumerate(smooth(values, width)):
        window = values[max(0, place + 1 - width) : place + 1]
        finite = window[np.isfinite(window)]
        assert mean == pytest.approx(finite.mean(), abs=1e-6) if len(finite) else np.isnan(mean)


def test_a_million_steps_stay_small():
    steps = 1_000_000
    x, y = thin(np.arange(steps), np.sin(np.arange(steps) / 1e4))
    assert len(x) == len(y) <= MOST_POINTS
    assert len(json.dumps([x, y])) < 60_000
