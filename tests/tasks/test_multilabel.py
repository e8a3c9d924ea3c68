import math

import numpy as np
import pytest
import torch

from kilter.tasks.multilabel import MultiLabel
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice

NOT = float("nan")
TASK = MultiLabel(labels=("a", "b", "c"))


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def batch_of(targets, weight=None):
    rows = len(targets)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=TASK.stack(list(targets)), weight=weights, ids=tuple(names_of(rows)))


def test_the_loss_is_the_mean_binary_cross_entropy_over_known_places():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    targets = np.array([[1.0, 0.0, NOT], [0.0, NOT, NOT], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    known = torch.tensor(~np.isnan(targets))
    loss = TASK.loss(logits, batch_of(targets))

    by_torch = torch.nn.functional.binary_cross_entropy_with_logits(
        logits[known], torch.tensor(targets, dtype=torch.float32)[known]
    )
    assert (loss.total / loss.weight).item() == pytest.approx(by_torch.item())
    (gradient,) = torch.autograd.grad(loss.total, logits)
    assert gradient[~known].tolist() == [0.0] * 3
    assert gradient[known].abs().min() > 0


def test_labels_become_a_row_of_0_and_1_in_order():
    column = column_of([("b", "10"), (), ("9",), ("10", "10")])
    task = MultiLabel.of(column, names_of(4))

    assert task.labels == ("10", "9", "b")
    assert task.encode(column, names_of(4)).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert [task.name_of(row) for row in task.encode(column, names_of(4))] == ["10, b", "nothing", "9", "10"]


def test_columns_of_0_and_1_are_labels_by_their_names():
    given = np.array([[1.0, NOT], [0.0, 1.0]])
    task = MultiLabel.of(given, names_of(2), columns=("x", "y"))

    assert task.labels == ("x", "y")
    assert np.array_equal(task.encode(given, names_of(2)), given, equal_nan=True)
    with pytest.raises(DataError, match="1 targets are other than 0 and 1") as raised:
        task.encode(np.array([[1.0, 0.5]]), names_of(1))
    assert raised.value.faults[0].met == "y = 0.5"


def test_unknown_and_missing_labels_are_gathered():
    with pytest.raises(DataError, match="2 labels are not among those") as raised:
        TASK.encode(column_of([("a", "z"), ("y",)]), names_of(2))
    assert [fault.met for fault in raised.value.faults] == ["label 'z'", "label 'y'"]
    with pytest.raises(DataError, match="1 targets are missing"):
        TASK.encode(column_of([("a",), None]), names_of(2))


def test_targets_that_teach_nothing_are_refused():
    with pytest.raises(DataError, match="none of 2 rows has a label"):
        MultiLabel.of(column_of([(), ()]), names_of(2))
    with pytest.raises(DataError, match="all 2 rows have the same labels"):
        MultiLabel.of(column_of([("a", "b"), ("b", "a")]), names_of(2))


def test_no_constant_loses_less_than_the_prior():
    targets = np.array([[1.0, 0.0, NOT]] * 3 + [[0.0, 1.0, 1.0]] * 2 + [[0.0, 0.0, 0.0]])
    shares = np.array([3 / 6, 2 / 6, 2 / 3])
    best = TASK.loss(torch.tensor(np.log(shares / (1 - shares))).expand(6, 3), batch_of(targets))
    other = TASK.loss(torch.tensor(np.log(shares / (1 - shares)) + 0.1).expand(6, 3), batch_of(targets))

    assert (best.total / best.weight).item() == pytest.approx(TASK.prior_loss(targets))
    assert other.total > best.total
    assert TASK.chance_loss(targets) == math.log(2)


def test_decisions_merits_and_costs():
    targets = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, NOT, 0.0]])
    answers = np.array([[0.9, 0.2, 0.1], [0.1, 0.1, 0.1], [0.5, 0.9, 0.6]])
    predictions = TASK.tabulate(names_of(3), targets, answers)

    assert predictions.decided.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 1]]
    assert predictions.merit.tolist() == pytest.approx([2 / 3, 1.0, 2 / 3])
    assert TASK.merit == "F1 per example"
    assert predictions.cost[2] == pytest.approx(-(math.log(0.5) + math.log(0.4)) / 2)
    measures = TASK.measure(predictions)
    assert measures.primary.name == "micro_f1"
    assert measures.primary.value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert [(each.label, each.support) for each in measures.classes] == [("a", 2), ("b", 1), ("c", 0)]


def test_answers_that_are_no_numbers_have_no_scores():
    with pytest.raises(TrainingError, match="1 of 1 answers"):
        TASK.measure(TASK.tabulate(["x"], np.array([[1.0, 0.0, 0.0]]), np.array([[NOT, 0.0, 0.0]])))


def test_what_the_loss_cannot_be_is_refused():
    with pytest.raises(RecipeError, match="'cross_entropy' is no loss of multilabel"):
        MultiLabel(labels=("a",), choice=LossChoice(name="cross_entropy"))
    with pytest.raises(UsageError, match="one logit a label"):
        TASK.loss(torch.zeros(1, 2), batch_of([[1.0, 0.0, 0.0]]))
    with pytest.raises(ValueError, match="one or more different"):
        MultiLabel(labels=("a", "a"))


def test_a_label_that_only_held_out_rows_have_is_a_label():
    column = np.empty(2, object)
    column[:] = [("a",), ()]

    assert MultiLabel.of(column, ["1", "2"], elsewhere=[("b", "a"), None]).labels == ("a", "b")
