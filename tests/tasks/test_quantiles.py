import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_pinball_loss

from kilter.tasks.quantiles import LEVELS, Quantiles
from kilter.tasks.reading import task_from
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice

FIVE = LossChoice(name="quantile", quantiles=(0.05, 0.25, 0.5, 0.75, 0.95))
TASK = Quantiles(center=10.0, scale=2.0)


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def batch_of(amounts, weight=None, task=TASK):
    rows = len(amounts)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=task.stack(amounts), weight=weights, ids=tuple(names_of(rows)))


def drawn(rows=400, task=TASK, spread=1.0):
    """Amounts, and quantiles of the normal distribution from which each was drawn, or of a narrower one."""
    generator = np.random.default_rng(0)
    middle = generator.normal(10, 2, rows)
    target = middle + generator.normal(0, 1, rows)
    return target, middle[:, None] + spread * stats.norm.ppf(task.levels)[None, :]


def test_the_loss_is_the_mean_over_levels_weighted():
    target, outputs, weight = np.array([10.0, 13.0, 4.0]), torch.randn(3, 3), [1.0, 0.0, 2.5]
    loss = TASK.loss(outputs, batch_of(target, weight))

    standard = (target - 10) / 2
    for row in range(3):
        each = [
            mean_pinball_loss(standard[[row]], outputs[[row], at].numpy(), alpha=level)
            for at, level in enumerate(LEVELS)
        ]
        assert loss.each[row].item() == pytest.approx(np.mean(each), rel=1e-5)
    assert loss.total.item() == pytest.approx((loss.each[0] + 2.5 * loss.each[2]).item())
    assert loss.weight.item() == 3.5


def test_other_shapes_are_refused():
    for outputs in (torch.zeros(4), torch.zeros(4, 1), torch.zeros(4, 4)):
        with pytest.raises(UsageError, match="one amount a quantile"):
            TASK.loss(outputs, batch_of(np.zeros(4)))


def test_no_constants_lose_less_than_the_quantiles_of_the_targets():
    target = np.random.default_rng(1).exponential(3.0, 101)
    task = Quantiles.of(target, names_of(101), loss=FIVE)
    batch, best = batch_of(target, task=task), task.prior_loss(target)
    grid = np.linspace(-2, 4, 3001)
    standard = (target - task.center) / task.scale
    least = [
        min(mean_pinball_loss(standard, np.full(101, value), alpha=level) for value in grid[::10])
        for level in task.levels
    ]

    assert best <= np.mean(least) + 1e-9
    assert best == pytest.approx(np.mean(least), rel=2e-3)
    assert task.loss(torch.zeros(101, 5), batch).each.mean().item() == pytest.approx(task.chance_loss(target), rel=1e-5)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.floats(-5, 5))
def test_decoded_quantiles_never_cross_and_sorting_costs_nothing(outputs, standard):
    batch = batch_of(np.array([10 + 2 * standard]))
    given_ = torch.tensor([outputs], dtype=torch.float64)
    decoded = TASK.decode(given_, batch)
    rising = torch.from_numpy((decoded - 10) / 2)

    assert (np.diff(decoded) >= 0).all()
    assert sorted(outputs) == pytest.approx(rising[0].tolist())
    assert TASK.loss(rising, batch).total.item() <= TASK.loss(given_, batch).total.item() + 1e-6


def test_the_median_decides_and_its_absolute_error_leads():
    target, quantiles = drawn()
    predictions = TASK.tabulate(names_of(400), target, quantiles)
    measures = TASK.measure(predictions)

    assert predictions.decided.tolist() == quantiles[:, 1].tolist()
    assert [score.name for score in measures.scores] == [
        "mae", "rmse", "r2", "mape", "pinball", "within_80", "width_80"
    ]  # fmt: skip
    assert measures.primary.value == pytest.approx(mean_absolute_error(target, quantiles[:, 1]))
    assert -predictions.merit.mean() * 2 == pytest.approx(measures.primary.value)
    pinball = np.mean([mean_pinball_loss(target, quantiles[:, at], alpha=level) for at, level in enumerate(LEVELS)])
    assert measures["pinball"].value == pytest.approx(pinball)
    assert {score.name for score in measures.scores if score.larger_is_better} == {"r2", "within_80"}
    assert {score.name: score.meant for score in measures.scores if score.meant is not None} == {"within_80": 0.8}
    assert TASK.points(predictions) == pytest.approx({"mae": measures.primary.value, "pinball": pinball})


def test_intervals_that_are_right_hold_their_share_and_narrow_ones_do_not():
    task = Quantiles(center=10.0, scale=2.0, choice=FIVE)
    for spread, holds in ((1.0, True), (0.5, False)):
        target, quantiles = drawn(task=task, spread=spread)
        measures = task.measure(task.tabulate(names_of(400), target, quantiles))
        for percent, width in ((90, 2 * 1.6449), (50, 2 * 0.6745)):
            score = measures[f"within_{percent}"]
            assert score.method == "wilson"
            assert (score.low <= percent / 100 <= score.high) == holds
            assert measures[f"width_{percent}"].value == pytest.approx(spread * width, rel=1e-3)


def test_a_model_of_one_amount_is_judged_by_its_amount_alone():
    target, quantiles = drawn()
    predictions = TASK.tabulate(names_of(400), target, quantiles[:, 1])
    measures = TASK.measure(predictions)

    assert [score.name for score in measures.scores] == ["mae", "rmse", "r2", "mape"]
    assert TASK.points(predictions) == pytest.approx({"mae": measures.primary.value})
    assert predictions.merit.tolist() == TASK.tabulate(names_of(400), target, quantiles).merit.tolist()


def test_levels_that_have_no_opposite_have_no_interval():
    task = Quantiles(center=0.0, scale=1.0, choice=LossChoice(name="quantile", quantiles=(0.5, 0.9)))
    assert task.scores == ("mae", "rmse", "r2", "mape", "pinball")
    assert task.outputs == 2


def test_it_comes_back_from_its_description():
    for choice in (LossChoice(name="quantile"), FIVE):
        task = Quantiles(center=1.0, scale=2.0, choice=choice)
        assert task_from(json.loads(json.dumps(task.describe()))) == task


def test_another_loss_and_settings_it_does_not_read_are_refused():
    with pytest.raises(RecipeError, match="'squared' is no loss of regression by quantiles"):
        Quantiles(center=0.0, scale=1.0, choice=LossChoice(name="squared"))
    with pytest.raises(RecipeError, match=r"loss\.delta decides nothing for quantile"):
        Quantiles(center=0.0, scale=1.0, choice=LossChoice(name="quantile", delta=1.0))


def test_targets_are_those_of_regression():
    with pytest.raises(DataError, match="all 4 targets are 1"):
        Quantiles.of(np.ones(4), names_of(4))
    with pytest.raises(ValueError, match="scale above 0"):
        Quantiles(center=0.0, scale=0.0)
    assert TASK.name_of(np.float64(3.0)) == "3"


def test_answers_that_are_not_finite_are_no_score():
    target, quantiles = drawn()
    quantiles[3, 2] = np.nan
    with pytest.raises(TrainingError, match="1 of 400 answers are not finite"):
        TASK.measure(TASK.tabulate(names_of(400), target, quantiles))
