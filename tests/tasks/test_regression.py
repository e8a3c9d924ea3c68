import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from kilter.tasks.reading import task_from
from kilter.tasks.regression import Regression
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice

TASK = Regression(center=10.0, scale=2.0)
CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.complex_numbers())


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def batch_of(amounts, weight=None):
    rows = len(amounts)
    weights = torch.ones(rows) if weight is None else torch.tensor(weight)
    return Batch(inputs={}, target=TASK.stack(amounts), weight=weights, ids=tuple(names_of(rows)))


def drawn(rows, seed=0):
    generator = np.random.default_rng(seed)
    target = generator.normal(10, 2, rows)
    return target, target + generator.normal(0, 1, rows)


def test_the_loss_is_the_squared_error_in_standard_units_weighted():
    outputs, amounts, weight = [0.5, -1.0, 2.0], [10.0, 13.0, 4.0], [1.0, 0.0, 2.5]
    loss = TASK.loss(torch.tensor(outputs), batch_of(amounts, weight))

    each = [(output - (amount - 10) / 2) ** 2 for output, amount in zip(outputs, amounts, strict=True)]
    assert loss.each.tolist() == pytest.approx(each)
    assert loss.total.item() == pytest.approx(each[0] + 2.5 * each[2])
    assert loss.weight.item() == 3.5


def test_one_column_is_the_same_as_none_and_nothing_is_broadcast():
    outputs = torch.tensor([0.5, -1.0, 2.0])
    batch = batch_of([10.0, 13.0, 4.0])
    flat, column = TASK.loss(outputs, batch), TASK.loss(outputs[:, None], batch)

    assert column.each.shape == (3,)
    assert column.each.tolist() == flat.each.tolist()
    assert TASK.decode(outputs[:, None], batch).tolist() == TASK.decode(outputs, batch).tolist() == [11.0, 8.0, 14.0]


@pytest.mark.parametrize("shape", [(3, 3), (3, 2), (1, 3), (1,), (3, 1, 1)])
def test_outputs_of_another_shape_are_refused_in_words(shape):
    with pytest.raises(UsageError, match="one amount an example"):
        TASK.loss(torch.zeros(shape), batch_of([1.0, 2.0, 3.0]))
    with pytest.raises(UsageError, match="one amount an example"):
        TASK.decode(torch.zeros(shape), batch_of([1.0, 2.0, 3.0]))


def test_losses_of_parts_add_up_to_that_of_the_whole():
    outputs, amounts = torch.linspace(-1, 1, 6), [8.0, 9.0, 10.0, 12.0, 7.0, 15.0]
    whole = TASK.loss(outputs, batch_of(amounts))
    parts = [TASK.loss(outputs[rows], batch_of(amounts[rows])) for rows in (slice(0, 2), slice(2, 6))]

    assert sum(part.total.item() for part in parts) == pytest.approx(whole.total.item(), rel=1e-6)
    assert sum(part.weight.item() for part in parts) == whole.weight.item()


def test_an_example_without_weight_counts_for_nothing():
    loss = TASK.loss(torch.tensor([0.0, 1e6]), batch_of([12.0, 10.0], [1.0, 0.0]))

    assert loss.total.item() == 1.0
    assert loss.weight.item() == 1.0


def test_chance_is_what_many_fresh_models_with_outputs_near_zero_lose():
    target, _ = drawn(500)
    target = target + 3  # off the centre, so that chance and prior differ
    generator = torch.Generator().manual_seed(3)
    losses = [
        (loss.total / loss.weight).item()
        for loss in (TASK.loss(1e-3 * torch.randn(500, 1, generator=generator), batch_of(target)) for _ in range(50))
    ]

    assert np.mean(losses) == pytest.approx(TASK.chance_loss(target), abs=1e-3)
    assert TASK.prior_loss(target) < TASK.chance_loss(target) - 1


def test_no_constant_answer_loses_less_than_the_prior():
    target, _ = drawn(300)
    batch = batch_of(target)
    losses = [(TASK.loss(torch.full((300,), c), batch).total / 300).item() for c in np.linspace(-3, 3, 6001).tolist()]

    assert min(losses) == pytest.approx(TASK.prior_loss(target), abs=1e-5)


def test_what_is_tabulated_agrees_with_the_loss():
    outputs = torch.linspace(-2, 2, 20)
    amounts = np.linspace(4, 16, 20)
    batch = batch_of(amounts)
    predictions = TASK.tabulate(batch.ids, amounts, TASK.decode(outputs, batch), np.full(20, 0.5))

    assert np.allclose(predictions.cost, TASK.loss(outputs, batch).each.numpy(), rtol=1e-5)
    assert np.array_equal(predictions.decided, predictions.answer)
    assert predictions.weight.tolist() == [0.5] * 20
    assert predictions.merit.mean() == pytest.approx(-metrics.mean_squared_error(amounts, predictions.decided) / 4)
    assert TASK.merit == "negative squared error (standard units)"


def test_measures_are_those_of_scikit_learn():
    target, answers = drawn(300)
    measures = TASK.measure(TASK.tabulate(names_of(300), target, answers[:, None]))

    assert [score.name for score in measures.scores] == ["r2", "rmse", "mae", "mape"]
    assert [score.value for score in measures.scores] == pytest.approx(
        [
            metrics.r2_score(target, answers),
            metrics.root_mean_squared_error(target, answers),
            metrics.mean_absolute_error(target, answers),
            metrics.mean_absolute_percentage_error(target, answers),
        ]
    )
    assert all(score.low < score.value < score.high for score in measures.scores)
    assert [score.name for score in measures.scores if score.larger_is_better] == ["r2"]
    assert measures.primary.name == "r2"
    assert measures.confusion is None


def test_points_are_the_values_that_measure_gives():
    target, answers = drawn(200)
    predictions = TASK.tabulate(names_of(200), target, answers)
    measures = TASK.measure(predictions)

    points = TASK.points(predictions)
    assert points == pytest.approx({name: measures[name].value for name in ("r2", "rmse")})


def test_of_targets_that_are_all_equal_nothing_is_explained():
    predictions = TASK.tabulate(names_of(2), np.array([3.0, 3.0]), np.array([3.0, 4.0]))

    assert math.isnan(TASK.points(predictions)["r2"])
    assert TASK.measure(predictions).primary.value is None


def test_answers_that_are_no_numbers_have_no_scores_and_points_say_so():
    predictions = TASK.tabulate(["x", "y"], np.array([1.0, 2.0]), np.array([math.inf, 2.0]))

    with pytest.raises(TrainingError, match="1 of 2 answers are not finite") as raised:
        TASK.measure(predictions)
    assert [fault.where for fault in raised.value.faults] == ["x"]
    assert not math.isfinite(TASK.points(predictions)["rmse"])


def test_the_task_takes_mean_and_deviation_of_its_targets():
    task = Regression.of(np.array([1, 2, 3, 6]), names_of(4))

    assert (task.center, task.scale) == (3.0, pytest.approx(np.std([1, 2, 3, 6])))
    standard = task.stack([1, 2, 3, 6])
    assert standard.dtype == torch.float32
    assert standard.mean().item() == pytest.approx(0, abs=1e-6)
    assert standard.std(unbiased=False).item() == pytest.approx(1)


def test_answers_come_back_in_their_own_units():
    task = Regression.of(np.array([1000.0, 3000.0, 9000.0]), names_of(3))
    batch = Batch(inputs={}, target=None, weight=torch.ones(3), ids=("a", "b", "c"))

    assert task.decode(task.stack([1000.0, 3000.0, 9000.0]), batch) == pytest.approx([1000, 3000, 9000], rel=1e-6)


@given(st.lists(CELLS, max_size=10))
def test_whatever_a_column_holds_it_is_encoded_or_is_a_data_error(values):
    column, ids = column_of(values), names_of(len(values))
    try:
        encoded = TASK.encode(column, ids)
    except DataError as error:
        faults = error.faults
    else:
        faults = ()
        assert np.isfinite(encoded).all()
    assert len(faults) == sum(not _is_amount(value) for value in values)
    try:
        task = Regression.of(column, ids)
    except DataError:
        return
    assert np.isfinite(task.stack(task.encode(column, ids)).numpy()).all()


def _is_amount(value):
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def test_illegal_targets_are_gathered_with_their_rows():
    column = column_of([1.0, None, math.nan, "2.5", math.inf, "many", 10**400])

    with pytest.raises(DataError, match="5 of 7 targets are no finite numbers") as raised:
        TASK.encode(column, names_of(7))
    assert [fault.where for fault in raised.value.faults] == [f"t.csv:{row}" for row in (1, 2, 4, 5, 6)]
    assert raised.value.faults[3].met == "target 'many'"
    assert "task: classification" in str(raised.value)


def test_of_many_illegal_targets_the_first_are_named():
    with pytest.raises(DataError, match=r"300 of 300 .* \(the first 20 follow\)") as raised:
        TASK.encode(np.full(300, math.nan), names_of(300))
    assert len(raised.value.faults) == 20


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([2.0, 2.0], "all 2 targets are 2"),
        ([], "there are no targets"),
        ([1e200, -1e200], "from -1e\\+200 to 1e\\+200 have no standard deviation"),
        ([0.0, 5e-324], "have no standard deviation"),
    ],
)
def test_targets_that_teach_nothing_are_refused(values, said):
    with pytest.raises(DataError, match=said):
        Regression.of(np.array(values, dtype=np.float64), names_of(len(values)))


@pytest.mark.parametrize(("center", "scale"), [(0.0, 0.0), (math.nan, 1.0), (0.0, math.inf), (0.0, -1.0)])
def test_settings_that_make_no_task_are_refused(center, scale):
    with pytest.raises(ValueError, match="must be finite"):
        Regression(center=center, scale=scale)


def test_the_task_comes_back_from_its_description_to_the_bit():
    task = Regression.of(np.array([0.1, 0.2, 0.4]), names_of(3))

    assert task_from(json.loads(json.dumps(task.describe()))) == task


def test_an_amount_reads_like_one():
    assert TASK.name_of(np.float64(1234.5678)) == "1234.57"
    assert TASK.name_of(3.0) == "3"


@pytest.mark.parametrize("settings", [{"name": "absolute"}, {"name": "huber"}, {"name": "huber", "delta": 0.3}])
def test_other_losses_are_those_of_torch_and_their_prior_is_the_best_constant(settings):
    task = Regression(center=10.0, scale=2.0, choice=LossChoice(**settings))
    target, _ = drawn(101)
    target[:10] += 30  # so that mean, median and what lies between them differ
    batch = Batch(inputs={}, target=task.stack(target), weight=torch.ones(101), ids=tuple(names_of(101)))
    kind = {"absolute": torch.nn.L1Loss(), "huber": torch.nn.HuberLoss(delta=settings.get("delta", 1.0))}
    outputs = torch.linspace(-1, 1, 101)

    loss = task.loss(outputs, batch)
    assert (loss.total / loss.weight).item() == pytest.approx(kind[settings["name"]](outputs, batch.target).item())
    constants = [task.loss(torch.full((101,), c), batch).total.item() / 101 for c in np.linspace(-1, 2, 3001)]
    assert min(constants) == pytest.approx(task.prior_loss(target), rel=1e-4)
    assert task.loss(torch.zeros(101), batch).total.item() / 101 == pytest.approx(task.chance_loss(target), rel=1e-5)


def test_scores_do_not_depend_on_the_loss():
    target, answers = drawn(50)
    other = Regression(center=10.0, scale=2.0, choice=LossChoice(name="absolute"))

    assert other.measure(other.tabulate(names_of(50), target, answers)) == TASK.measure(
        TASK.tabulate(names_of(50), target, answers)
    )


def test_a_number_that_decides_nothing_is_refused():
    with pytest.raises(RecipeError, match=r"loss\.delta decides nothing for squared"):
        Regression(center=0.0, scale=1.0, choice=LossChoice(delta=2.0))


def test_the_quantile_loss_is_legal_for_one_amount_but_another_tasks():
    with pytest.raises(RecipeError, match="legal are squared, absolute, huber, quantile"):
        Regression(center=0.0, scale=1.0, choice=LossChoice(name="focal"))
    with pytest.raises(ValueError, match="tasks/quantiles"):
        Regression(center=0.0, scale=1.0, choice=LossChoice(name="quantile"))
