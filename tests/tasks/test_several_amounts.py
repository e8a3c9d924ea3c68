import numpy as np
import pytest
import torch

from kilter.tasks.regression import Regression
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, UsageError
from kilter.values.recipe import LossChoice

NOT = float("nan")
TASK = SeveralAmounts(columns=("x", "y"), center=(0.0, 10.0), scale=(1.0, 5.0))


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def batch_of(targets, task=TASK, weight=None):
    rows = len(targets)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=task.stack(list(targets)), weight=weights, ids=tuple(names_of(rows)))


def test_unknown_amounts_are_left_out_of_loss_and_gradient():
    outputs = torch.tensor([[1.0, 2.0], [3.0, -1.0]], requires_grad=True)
    loss = TASK.loss(outputs, batch_of(np.array([[0.0, NOT], [1.0, 15.0]]), weight=[1.0, 2.0]))

    assert loss.total.item() == pytest.approx(1.0 / 2 + 2 * (4.0 + 4.0) / 2)
    assert loss.weight.item() == pytest.approx(0.5 + 2.0)
    (gradient,) = torch.autograd.grad(loss.total, outputs)
    assert gradient.tolist() == [[1.0, 0.0], [4.0, -4.0]]


def test_without_gaps_it_is_the_mean_of_the_columns_own_losses():
    targets = np.array([[0.5, 12.0], [1.0, 4.0], [-2.0, 9.0]])
    outputs = torch.tensor([[0.1, 0.2], [0.4, -0.3], [-1.0, 0.0]])
    whole = TASK.loss(outputs, batch_of(targets))
    each = []
    for at in range(2):
        task = Regression(center=TASK.center[at], scale=TASK.scale[at])
        each.append(task.loss(outputs[:, at], batch_of(targets[:, at], task)).total.item())

    assert whole.total.item() == pytest.approx(sum(each) / 2)
    assert whole.weight.item() == 3.0


def test_centers_and_scales_are_those_of_known_targets():
    targets = np.array([[1.0, 5.0], [3.0, NOT], [NOT, 9.0], [5.0, 10.0]])
    task = SeveralAmounts.of(targets, names_of(4), columns=("x", "y"))

    assert task.center == pytest.approx((3.0, 8.0))
    assert task.scale == pytest.approx((np.std([1, 3, 5]), np.std([5, 9, 10])))
    assert task.outputs == 2
    assert task.decode(torch.zeros(1, 2), batch_of([[0.0, 0.0]])).tolist() == [pytest.approx([3.0, 8.0])]


def test_the_mean_r2_leads_and_each_column_is_scored_in_its_own_unit():
    generator = np.random.default_rng(0)
    targets = generator.normal(size=(60, 2)) * [1, 5] + [0, 10]
    predictions = TASK.tabulate(names_of(60), targets, targets + generator.normal(size=(60, 2)))
    measures = TASK.measure(predictions)

    assert [score.name for score in measures.scores] == [
        "mean_r2", "x.r2", "x.rmse", "x.mae", "y.r2", "y.rmse", "y.mae"
    ]  # fmt: skip
    assert measures["x.rmse"].value == pytest.approx(np.sqrt(((predictions.decided - targets)[:, 0] ** 2).mean()))
    assert measures.primary.value == pytest.approx((measures["x.r2"].value + measures["y.r2"].value) / 2)
    assert not measures["y.mae"].larger_is_better
    assert predictions.merit.mean() == pytest.approx(-((predictions.decided - targets) ** 2 / [1, 25]).mean())
    assert TASK.merit == "negative squared error (standard units)"


def test_what_cannot_be_learnt_is_refused():
    with pytest.raises(DataError, match="target 'y': all 2 targets are 4"):
        SeveralAmounts.of(np.array([[1.0, 4.0], [2.0, 4.0]]), names_of(2), columns=("x", "y"))
    with pytest.raises(DataError, match="1 targets are infinite") as raised:
        TASK.encode(np.array([[1.0, np.inf]]), names_of(1))
    assert raised.value.faults[0].met == "y = inf"
    with pytest.raises(UsageError, match="one amount a column"):
        TASK.loss(torch.zeros(1, 3), batch_of([[0.0, 1.0]]))
    with pytest.raises(RecipeError, match="'focal' is no loss of regression"):
        SeveralAmounts(columns=("x",), center=(0.0,), scale=(1.0,), choice=LossChoice(name="focal"))
    with pytest.raises(ValueError, match="as many of each"):
        SeveralAmounts(columns=("x",), center=(0.0, 1.0), scale=(1.0,))


def test_amounts_are_named_with_their_columns():
    assert TASK.name_of(np.array([1.5, NOT])) == "x 1.5"
