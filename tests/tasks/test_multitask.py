import math

import numpy as np
import pytest
import torch

from kilter.tasks.classification import Classification
from kilter.tasks.multitask import MultiTask
from kilter.tasks.regression import Regression
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, UsageError
from kilter.values.recipe import LossChoice
from kilter.values.table import Kind

NOT = float("nan")
LABEL = Classification(labels=("no", "so", "yes"))
SCORE = Regression(center=10.0, scale=2.0)
TASK = MultiTask(columns=("label", "score"), tasks=(LABEL, SCORE))
TARGETS = np.array([[0.0, 12.0], [2.0, NOT], [NOT, 8.0], [1.0, 11.0]])


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def batch_of(task, targets, weight=None):
    rows = len(targets)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=task.stack(list(targets)), weight=weights, ids=tuple(names_of(rows)))


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def drawn(rows, seed=0):
    return torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("weights", [{}, {"score": 3.0}])
def test_the_loss_is_the_weighted_mean_of_the_tasks_own_losses_over_targets_that_are_there(weights):
    task = MultiTask(columns=TASK.columns, tasks=TASK.tasks, choice=LossChoice(task_weights=weights))
    outputs, weight = drawn(4), [1.0, 2.0, 0.5, 1.0]
    loss = task.loss(outputs, batch_of(task, TARGETS, weight))

    rows = {"label": [0, 1, 3], "score": [0, 2, 3]}
    classes = LABEL.loss(outputs[rows["label"], :3], batch_of(LABEL, [0, 2, 1], [1.0, 2.0, 1.0]))
    amounts = SCORE.loss(outputs[rows["score"], 3], batch_of(SCORE, [12.0, 8.0, 11.0], [1.0, 0.5, 1.0]))
    by = weights.get("score", 1.0)
    mean = (classes.total + by * amounts.total) / (classes.weight + by * amounts.weight)
    assert (loss.total / loss.weight).item() == pytest.approx(mean.item())
    assert loss.weight.item() == pytest.approx((4.0 + by * 2.5) / (1 + by))


def test_outputs_of_a_missing_target_have_no_gradient_and_tasks_read_only_their_own():
    outputs = drawn(4).requires_grad_()
    (gradient,) = torch.autograd.grad(TASK.loss(outputs, batch_of(TASK, TARGETS)).total, outputs)

    assert gradient[1, 3] == 0
    assert gradient[2, :3].tolist() == [0.0, 0.0, 0.0]
    assert (gradient[0] != 0).all()


def test_columns_become_classes_and_amounts():
    column = column_of([("b", 1.0), ("a", None), (None, 3.0), ("b", 5.0), ("a", 2.0)])
    task = MultiTask.of(column, names_of(5), columns=("k", "x"), kinds=(Kind.CATEGORY, Kind.NUMBER))

    assert task.tasks == (
        Classification.of(column_of(["b", "a", "b", "a"]), names_of(4)),
        Regression.of(np.array([1.0, 3.0, 5.0, 2.0]), names_of(4)),
    )
    assert task.outputs == 3
    encoded = task.encode(column, names_of(5))
    assert np.array_equal(encoded, [[1, 1], [0, NOT], [NOT, 3], [1, 5], [0, 2]], equal_nan=True)
    assert [task.name_of(row) for row in encoded[:3]] == ["k b, x 1", "k a", "x 3"]


def test_answers_are_those_of_the_tasks_side_by_side():
    outputs = drawn(4)
    batch = batch_of(TASK, TARGETS)
    answers = TASK.decode(outputs, batch)

    assert np.allclose(answers[:, :3], LABEL.decode(outputs[:, :3], batch))
    assert np.allclose(answers[:, 3], SCORE.decode(outputs[:, 3], batch))
    predictions = TASK.tabulate(names_of(4), TARGETS, answers)
    assert np.array_equal(predictions.decided[:, 0], answers[:, :3].argmax(axis=1))
    assert np.array_equal(predictions.decided[:, 1], answers[:, 3])
    assert predictions.cost[1] == pytest.approx(-math.log(answers[1, 2]))
    assert predictions.merit[2] == pytest.approx(-(((answers[2, 3] - 8) / 2) ** 2))
    assert TASK.merit == "mean of accuracy and negative squared error (standard units)"


def test_scores_are_those_of_each_task_over_its_own_rows_and_their_mean_leads():
    generator = np.random.default_rng(1)
    targets = np.stack([generator.integers(0, 3, 80), generator.normal(10, 2, 80)], axis=1)
    targets[::3, 0] = NOT
    targets[1::3, 1] = NOT
    answers = np.hstack([generator.dirichlet((1, 1, 1), 80), targets[:, 1:] * 0 + generator.normal(10, 2, (80, 1))])
    answers[:, 3] = np.where(np.isnan(answers[:, 3]), 9.0, answers[:, 3])
    predictions = TASK.tabulate(names_of(80), targets, answers)
    measures = TASK.measure(predictions)

    rows = np.flatnonzero(~np.isnan(targets[:, 0]))
    alone = LABEL.measure(LABEL.tabulate(names_of(len(rows)), targets[rows, 0].astype(int), answers[rows, :3]))
    assert [score.name for score in measures.scores[1 : 1 + len(alone.scores)]] == [
        f"label.{score.name}" for score in alone.scores
    ]
    assert measures["label.accuracy"].value == alone["accuracy"].value
    assert (measures["label.accuracy"].n, measures["score.r2"].n) == (53, 53)
    lead = measures.primary
    assert lead.name == "mean_score"
    assert lead.value == pytest.approx((measures["label.accuracy"].value + measures["score.r2"].value) / 2)
    assert lead.low < lead.value < lead.high
    assert {each.label for each in measures.classes} == {"label: no", "label: so", "label: yes"}


def test_a_split_may_have_targets_of_one_task_only():
    predictions = TASK.tabulate(names_of(3), np.array([[0.0, NOT], [1.0, NOT], [2.0, NOT]]), np.eye(4)[:3])

    assert TASK.points(predictions) == {"mean_score": 1.0, "label.accuracy": 1.0}
    assert TASK.measure(predictions).primary.value == 1.0


def test_chance_is_the_mean_over_targets_that_are_there():
    chance = TASK.chance_loss(TARGETS)

    assert chance == pytest.approx((3 * math.log(3) + 3 * SCORE.chance_loss(np.array([12.0, 8.0, 11.0]))) / 6)


def test_rows_without_any_target_and_classes_that_training_lacks_are_refused():
    with pytest.raises(DataError) as raised:
        TASK.encode(column_of([("no", 1.0), (None, None)]), names_of(2))
    assert [fault.where for fault in raised.value.faults] == ["t.csv:1"]
    with pytest.raises(DataError, match="not among the labels of the training split") as raised:
        TASK.encode(column_of([("no", 1.0), ("maybe", None)]), names_of(2))
    assert [fault.where for fault in raised.value.faults] == ["t.csv:1"]


def test_losses_by_name_and_weights_of_no_task_are_refused():
    with pytest.raises(RecipeError, match="each task has its usual loss"):
        MultiTask(columns=TASK.columns, tasks=TASK.tasks, choice=LossChoice(name="huber"))
    with pytest.raises(RecipeError, match="is the weight of no task"):
        MultiTask(columns=TASK.columns, tasks=TASK.tasks, choice=LossChoice(task_weights={"lable": 2.0}))
    with pytest.raises(RecipeError, match=r"loss\.smoothing decides nothing"):
        MultiTask(columns=TASK.columns, tasks=TASK.tasks, choice=LossChoice(smoothing=0.1))
    with pytest.raises(UsageError, match=r"shape \(4, 4\)"):
        TASK.loss(torch.zeros(4, 3), batch_of(TASK, TARGETS))
