import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from kilter.tasks.contrastive import Contrastive
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice

TASK = Contrastive()


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def batch_of(target, weight=None):
    rows = len(target)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=torch.as_tensor(target), weight=weights, ids=tuple(names_of(rows)))


def places(rows, seed=0, width=5):
    generator = torch.Generator().manual_seed(seed)
    left, right = (functional.normalize(torch.randn(rows, width, generator=generator), dim=1) for _ in range(2))
    return {"left": left, "right": right}


def test_texts_are_numbered_by_the_first_row_that_has_them():
    assert TASK.encode(column_of(["x", "y", "x", "z", "y"]), names_of(5)).tolist() == [0, 1, 0, 3, 1]
    assert TASK.name_of(3) == "the text of row 4"
    with pytest.raises(DataError, match="1 targets are missing"):
        TASK.encode(column_of(["x", None]), names_of(2))
    with pytest.raises(DataError, match="all 2 target texts are the same"):
        Contrastive.of(column_of(["x", "x"]), names_of(2))


def test_in_batch_is_a_cross_entropy_over_the_batch_weighted_by_row():
    outputs, weight = places(4), [1.0, 2.0, 0.0, 1.0]
    loss = TASK.loss(outputs, batch_of([0, 1, 2, 3], weight))

    logits = outputs["left"] @ outputs["right"].T / 0.05
    by_torch = functional.cross_entropy(logits, torch.arange(4), reduction="none")
    assert loss.total.item() == pytest.approx((by_torch * torch.tensor(weight)).sum().item(), rel=1e-5)
    assert loss.weight.item() == 4.0
    assert loss.each is None


@pytest.mark.parametrize("name", ["in_batch", "contrastive", "triplet"])
def test_equal_texts_are_no_negatives_of_each_other(name):
    task = Contrastive(choice=LossChoice(name=name))
    outputs = places(3)
    outputs = {side: torch.cat([place, place[:1]]) for side, place in outputs.items()}
    alike = task.loss(outputs, batch_of([0, 1, 2, 0]))
    apart = task.loss(outputs, batch_of([0, 1, 2, 3]))

    assert alike.total != apart.total
    twice = task.loss(outputs, batch_of([0, 0, 0, 0]))
    pull = 0.5 * (outputs["left"] - outputs["right"]).square().sum() if name == "contrastive" else torch.tensor(0.0)
    assert twice.total.item() == pytest.approx(pull.item(), abs=1e-5)


def test_distance_losses_are_those_of_their_formulas():
    outputs = places(3)
    squares = torch.cdist(outputs["left"], outputs["right"]) ** 2
    contrastive = triplet = 0.0
    for row in range(3):
        own, others = squares[row, row], [squares[row, other] for other in range(3) if other != row]
        contrastive += 0.5 * own + sum(0.5 * max(0.0, 0.8 - math.sqrt(each)) ** 2 for each in others) / 2
        triplet += sum(max(0.0, own - each + 0.8) for each in others) / 2
    for name, expected in (("contrastive", contrastive), ("triplet", triplet)):
        task = Contrastive(choice=LossChoice(name=name, margin=0.8))
        assert task.loss(outputs, batch_of([0, 1, 2])).total.item() == pytest.approx(float(expected), rel=1e-4)


def test_of_one_place_for_everything_the_loss_is_chance():
    target = np.array([0, 1, 1, 3, 4])
    same = dict.fromkeys(("left", "right"), torch.ones(5, 3) / math.sqrt(3))
    for settings in ({}, {"temperature": 0.5}, {"name": "contrastive", "margin": 0.7}, {"name": "triplet"}):
        task = Contrastive(choice=LossChoice(**settings))
        total, weight, _ = task.loss(same, batch_of(target))
        assert (total / weight).item() == pytest.approx(task.chance_loss(target), rel=1e-4)
    assert TASK.chance_loss(target) == pytest.approx((3 * math.log(5) + 2 * math.log(4)) / 5)


def test_ranks_are_over_the_distinct_texts_of_the_whole_split():
    target = np.array([0, 1, 0, 3])
    similarity = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.3], [0.2, 0.3, 0.1], [0.1, 0.1, 0.1]])
    predictions = TASK.tabulate(names_of(4), target, similarity)

    assert predictions.answer.tolist() == [1.0, 2.0, 2.0, 2.0]
    assert predictions.merit.tolist() == [1.0, 0.5, 0.5, 0.5]
    assert TASK.merit == "mean reciprocal rank"
    assert predictions.decided.tolist() == [0, 0, 1, 0]
    assert np.isnan(predictions.cost).all()
    measures = TASK.measure(predictions)
    assert [score.name for score in measures.scores] == ["mrr", "recall_at_1", "recall_at_10"]
    assert [score.value for score in measures.scores] == [0.625, 0.25, 1.0]
    assert TASK.points(predictions) == {"mrr": 0.625, "recall_at_1": 0.25}


def test_places_rank_as_their_products_do():
    outputs, target = places(30), np.arange(30) % 20
    outputs["right"] = outputs["right"][torch.as_tensor(target)]
    answers = TASK.decode(outputs, batch_of(target))
    by_places = TASK.tabulate(names_of(30), target, list(answers))
    similarity = (outputs["left"] @ outputs["right"][:20].T).double().numpy()
    by_products = TASK.tabulate(names_of(30), target, similarity)

    assert by_places.answer.tolist() == by_products.answer.tolist()
    assert by_places.decided.tolist() == by_products.decided.tolist()


def test_places_that_are_no_numbers_are_not_taken_for_hits():
    answers = np.full((3, 2, 4), np.nan)

    with pytest.raises(TrainingError, match="3 of 3 answers are not finite"):
        TASK.measure(TASK.tabulate(names_of(3), np.arange(3), answers))


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (torch.zeros(2, 3), "the model returned a Tensor"),
        ({"left": torch.zeros(2, 3)}, "the model returned a mapping of"),
        ({"left": torch.zeros(2, 3), "right": torch.zeros(2, 4)}, "floating-point numbers of one shape"),
        ({"left": torch.zeros(3, 3), "right": torch.zeros(3, 3)}, "for 2 examples"),
    ],
)
def test_other_outputs_are_refused_in_words(outputs, said):
    with pytest.raises(UsageError, match=said):
        TASK.loss(outputs, batch_of([0, 1]))


def test_numbers_that_decide_nothing_are_refused():
    with pytest.raises(RecipeError, match=r"loss\.margin decides nothing for in_batch"):
        Contrastive(choice=LossChoice(margin=0.5))
    with pytest.raises(RecipeError, match="'squared' is no loss of contrastive"):
        Contrastive(choice=LossChoice(name="squared"))
