import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from kilter.tasks.classification import Classification
from kilter.tasks.reading import task_from
from kilter.tasks.targets import label_of
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice

TASK = Classification(labels=("a", "b", "c"))
CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=2), st.tuples()
)


def column_of(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def names_of(count):
    return [f"t.csv:{row}" for row in range(count)]


def batch_of(target, weight=None):
    rows = len(target)
    return Batch(
        inputs={},
        target=torch.as_tensor(target),
        weight=torch.ones(rows) if weight is None else torch.tensor(weight),
        ids=tuple(names_of(rows)),
    )


def drawn(rows, classes, seed=0, shares=None):
    """Targets, and probabilities that lean towards them."""
    generator = np.random.default_rng(seed)
    target = generator.choice(classes, rows, p=shares)
    logits = generator.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[target]
    return target, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_the_loss_is_the_negative_logarithm_of_the_true_probability_weighted():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    target, weight = [0, 2, 1, 1, 0], [1.0, 0.5, 0.0, 2.0, 3.0]
    batch = Batch(
        inputs={},
        target=torch.tensor(target),
        weight=torch.tensor(weight, dtype=torch.float64),
        ids=tuple(names_of(5)),
    )
    loss = TASK.loss(logits, batch)

    each = [
        -math.log(math.exp(row[true]) / sum(math.exp(logit) for logit in row))
        for row, true in zip(logits.tolist(), target, strict=True)
    ]
    assert loss.each.tolist() == pytest.approx(each)
    assert loss.total.item() == pytest.approx(sum(w * e for w, e in zip(weight, each, strict=True)))
    assert loss.weight.item() == 6.5


def test_losses_of_parts_add_up_to_that_of_the_whole():
    logits = torch.randn(8, 3, generator=torch.Generator().manual_seed(1))
    target, weight = [0, 1, 2, 0, 1, 2, 2, 2], [1.0, 2.0, 0.5, 1.0, 0.0, 3.0, 1.0, 1.0]
    whole = TASK.loss(logits, batch_of(target, weight))
    parts = [TASK.loss(logits[rows], batch_of(target[rows], weight[rows])) for rows in (slice(0, 3), slice(3, 8))]

    assert sum(part.total.item() for part in parts) == pytest.approx(whole.total.item(), rel=1e-6)
    assert sum(part.weight.item() for part in parts) == whole.weight.item()


def test_an_example_without_weight_counts_for_nothing():
    with_it = TASK.loss(torch.tensor([[0.0, 1.0, 2.0], [50.0, 0.0, 0.0]]), batch_of([1, 2], [1.0, 0.0]))
    without = TASK.loss(torch.tensor([[0.0, 1.0, 2.0]]), batch_of([1]))

    assert with_it.total.item() == without.total.item()
    assert with_it.weight.item() == without.weight.item()


def test_the_gradient_is_probability_minus_truth():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(2), requires_grad=True)
    (gradient,) = torch.autograd.grad(TASK.loss(logits, batch_of([0, 1, 2, 2])).total, logits)

    expected = torch.softmax(logits, dim=1).detach() - torch.eye(3)[[0, 1, 2, 2]]
    assert torch.allclose(gradient, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 2), (4, 5), (4,), (4, 1), (3, 4), (2, 3), (4, 3, 1), (4, 3, 2)])
def test_logits_of_another_shape_are_refused_in_words(shape):
    with pytest.raises(UsageError) as raised:
        TASK.loss(torch.zeros(shape), batch_of([0, 1, 1, 0]))
    said = str(raised.value)
    assert f"of shape {shape} for 4 examples" in said
    assert "shape (4, 3), one logit a class" in said
    assert "linear layer of 3 outputs" in said

    with pytest.raises(UsageError):
        TASK.decode(torch.zeros(shape), batch_of([0, 1, 1, 0]))


def test_chance_is_what_many_fresh_models_with_outputs_near_zero_lose():
    target, _ = drawn(500, 3)
    generator = torch.Generator().manual_seed(3)
    losses = []
    for _ in range(50):
        loss = TASK.loss(1e-3 * torch.randn(500, 3, generator=generator), batch_of(target))
        losses.append((loss.total / loss.weight).item())

    assert np.mean(losses) == pytest.approx(TASK.chance_loss(target), abs=1e-4)


def test_no_constant_answer_loses_less_than_the_prior():
    target, _ = drawn(400, 3, shares=(0.7, 0.2, 0.1))
    prior = TASK.prior_loss(target)
    logits = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=200, tolerance_grad=1e-9)

    def closure():
        optimizer.zero_grad()
        loss = TASK.loss(logits.expand(400, 3), batch_of(target))
        (loss.total / loss.weight).backward()
        return loss.total / loss.weight

    optimizer.step(closure)
    assert closure().item() == pytest.approx(prior, abs=1e-5)
    assert prior < TASK.chance_loss(target)


def test_a_class_that_does_not_occur_costs_the_prior_nothing():
    assert TASK.prior_loss(np.array([0, 1])) == pytest.approx(math.log(2))
    assert TASK.prior_loss(np.array([1, 1])) == 0


def test_answers_are_probabilities():
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(4), requires_grad=True)
    answers = TASK.decode(logits, batch_of([0] * 6))

    exponentials = np.exp(logits.detach().numpy().astype(np.float64))
    assert np.allclose(answers, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-12)
    assert answers.dtype == np.float64


def test_answers_stay_finite_where_single_precision_would_underflow():
    answers = TASK.decode(torch.tensor([[0.0, 300.0, -300.0]]), batch_of([0]))

    assert 0 < answers[0, 0] < 1e-100


def test_what_is_tabulated_agrees_with_the_loss():
    logits = torch.randn(20, 3, generator=torch.Generator().manual_seed(5))
    target = np.arange(20) % 3
    batch = batch_of(target)
    predictions = TASK.tabulate(batch.ids, target, TASK.decode(logits, batch), np.full(20, 0.5))

    assert np.allclose(predictions.cost, TASK.loss(logits, batch).each.numpy(), rtol=1e-5)
    assert predictions.decided.tolist() == logits.argmax(dim=1).tolist()
    assert predictions.weight.tolist() == [0.5] * 20
    assert predictions.ids == batch.ids


def test_a_true_class_of_probability_zero_costs_much_and_not_infinitely():
    predictions = TASK.tabulate(["x"], np.array([2]), np.array([[1.0, 0.0, 0.0]]))

    assert 700 < predictions.cost[0] < 1000
    assert TASK.measure(predictions)["log_loss"].value is None


def test_the_mean_merit_is_the_score_that_leads():
    target, answers = drawn(300, 3, shares=(0.8, 0.15, 0.05))
    balanced = Classification(labels=TASK.labels, lead="balanced_accuracy")

    plain = TASK.tabulate(names_of(300), target, answers)
    weighed = balanced.tabulate(names_of(300), target, answers)
    assert plain.merit.mean() == pytest.approx(metrics.accuracy_score(target, plain.decided))
    assert weighed.merit.mean() == pytest.approx(metrics.balanced_accuracy_score(target, weighed.decided))
    assert TASK.measure(plain).primary.value == pytest.approx(plain.merit.mean())
    assert balanced.measure(weighed).primary.value == pytest.approx(weighed.merit.mean())
    assert (TASK.merit, balanced.merit) == ("accuracy", "balanced accuracy")


def test_a_class_without_examples_does_not_weigh_on_balanced_merits():
    task = Classification(labels=TASK.labels, lead="balanced_accuracy")
    predictions = task.tabulate(names_of(3), np.array([0, 0, 2]), np.eye(3)[[0, 1, 2]])

    assert predictions.merit.tolist() == pytest.approx([0.75, 0.0, 1.5])


def test_measures_are_those_of_scikit_learn():
    target, answers = drawn(400, 3, shares=(0.5, 0.3, 0.2))
    predictions = TASK.tabulate(names_of(400), target, answers)
    measures = TASK.measure(predictions)
    decided = predictions.decided

    expected = {
        "accuracy": metrics.accuracy_score(target, decided),
        "balanced_accuracy": metrics.balanced_accuracy_score(target, decided),
        "macro_f1": metrics.f1_score(target, decided, average="macro"),
        "mcc": metrics.matthews_corrcoef(target, decided),
        "log_loss": metrics.log_loss(target, answers),
    }
    assert {score.name: score.value for score in measures.scores} == pytest.approx(expected)
    assert all(score.low < score.value < score.high for score in measures.scores)
    assert [score.name for score in measures.scores if not score.larger_is_better] == ["log_loss"]
    assert measures.confusion.counts == tuple(map(tuple, metrics.confusion_matrix(target, decided).tolist()))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(target, decided)
    for number, of_class in enumerate(measures.classes):
        assert of_class.label == TASK.labels[number]
        assert of_class.support == support[number]
        values = {score.name: score.value for score in of_class.scores}
        assert [values[name] for name in ("precision", "recall", "f1")] == pytest.approx(
            [precision[number], recall[number], f1[number]]
        )


@pytest.mark.parametrize("rare", [0, 1])
def test_of_two_classes_the_rare_one_is_ranked(rare):
    shares = (0.1, 0.9) if rare == 0 else (0.9, 0.1)
    target, answers = drawn(400, 2, shares=shares)
    labels = np.array(["no", "yes"])
    task = Classification.of(labels[target], names_of(400))
    measures = task.measure(task.tabulate(names_of(400), target, answers))

    assert (task.rare, task.lead) == (rare, "balanced_accuracy")
    assert measures.primary.name == "balanced_accuracy"
    assert measures["roc_auc"].value == pytest.approx(metrics.roc_auc_score(target == rare, answers[:, rare]))
    expected = metrics.average_precision_score(target == rare, answers[:, rare])
    assert measures["average_precision"].value == pytest.approx(expected)
    other = metrics.average_precision_score(target != rare, answers[:, 1 - rare])
    assert abs(expected - other) > 0.05  # else the choice of the class would not show


@pytest.mark.parametrize("lead", ["accuracy", "balanced_accuracy"])
def test_points_are_the_values_that_measure_gives(lead):
    task = Classification(labels=("a", "b", "c", "d"), lead=lead)  # d occurs nowhere
    target, answers = drawn(200, 3)
    predictions = task.tabulate(names_of(200), target, np.pad(answers, ((0, 0), (0, 1))))
    measures = task.measure(predictions)

    points = task.points(predictions)
    assert points == {name: measures[name].value for name in points}
    assert measures.primary.name == lead
    assert measures.primary.name in points


def test_answers_that_are_no_numbers_have_no_scores():
    answers = np.array([[0.5, 0.5, 0.0], [np.nan] * 3, [1.0, 0.0, 0.0]])
    predictions = TASK.tabulate(["x", "y", "z"], np.array([0, 1, 0]), answers)

    with pytest.raises(TrainingError, match="1 of 3 answers are not finite") as raised:
        TASK.measure(predictions)
    assert [fault.where for fault in raised.value.faults] == ["y"]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.array([10, 9, -1, 9]), ("-1", "9", "10")),
        (np.array([1.0, 0.0, 10.0, 2.5]), ("0", "1", "2.5", "10")),
        (np.array([-0.0, 1.0, 0.0]), ("0", "1")),
        (np.array([True, False]), ("False", "True")),
        (np.array(["b", "a", "c"]), ("a", "b", "c")),
        (column_of(["10", "9", "x"]), ("10", "9", "x")),
        (column_of(["10", "9", "nan"]), ("10", "9", "nan")),
        (column_of(["b\0", "b", "ü"]), ("b", "b\0", "ü")),
    ],
)
def test_labels_stand_in_order_and_stay_apart(values, labels):
    task = Classification.of(values, names_of(len(values)))

    assert task.labels == labels
    encoded = task.encode(values, names_of(len(values)))
    assert [task.name_of(each) for each in encoded] == [label_of(value) for value in values.tolist()]


def test_labels_do_not_hang_on_the_order_of_rows():
    words = ["3", "20", "100", "-1"]

    assert len({Classification.of(np.array(order), names_of(4)).labels for order in (words, words[::-1])}) == 1


@given(st.lists(CELLS, max_size=12))
def test_whatever_a_column_holds_it_is_encoded_or_is_a_data_error(values):
    column, ids = column_of(values), names_of(len(values))
    if all(value in TASK.labels for value in values):
        assert [TASK.labels[number] for number in TASK.encode(column, ids)] == values
    else:
        with pytest.raises(DataError) as raised:
            TASK.encode(column, ids)
        wrong = [name for name, value in zip(ids, values, strict=True) if value not in TASK.labels]
        assert [fault.where for fault in raised.value.faults] == wrong
    try:
        task = Classification.of(column, ids)
    except DataError:
        return
    decoded = [task.name_of(number) for number in task.encode(column, ids)]
    assert decoded == [label_of(value) for value in values]


def test_illegal_targets_are_gathered_with_their_rows():
    column = column_of(["a", None, "z", "b", "", math.nan, 3.0])

    with pytest.raises(DataError) as raised:
        TASK.encode(column, names_of(7))
    assert "5 of 7 targets are not among the labels" in str(raised.value)
    assert [(fault.where, fault.met) for fault in raised.value.faults] == [
        ("t.csv:1", "the label is missing"),
        ("t.csv:2", "label 'z'"),
        ("t.csv:4", "the label is missing"),
        ("t.csv:5", "the label is missing"),
        ("t.csv:6", "label 3.0"),
    ]


def test_of_many_illegal_targets_the_first_are_named():
    with pytest.raises(DataError, match=r"300 of 300 .* \(the first 20 follow\)") as raised:
        TASK.encode(column_of(["z"] * 300), names_of(300))
    assert len(raised.value.faults) == 20


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["a", None], "1 targets are missing"),
        (["a", math.nan, "", "b"], "2 targets are missing"),
        (["a", "a"], "all 2 targets are 'a'"),
        ([1.0, 1], "all 2 targets are '1'"),
        ([], "there are no targets"),
    ],
)
def test_targets_that_teach_nothing_are_refused(values, said):
    with pytest.raises(DataError, match=said):
        Classification.of(column_of(values), names_of(len(values)))


@pytest.mark.parametrize(("largest", "lead"), [(80, "accuracy"), (81, "balanced_accuracy")])
def test_what_leads_hangs_on_the_largest_class(largest, lead):
    column = np.array(["a"] * largest + ["b"] * (100 - largest))

    assert Classification.of(column, names_of(100)).lead == lead


@pytest.mark.parametrize("settings", [{"labels": ("a",)}, {"labels": ("a", "a")}, {"labels": ("a", "b"), "lead": "f1"}])
def test_settings_that_make_no_task_are_refused(settings):
    with pytest.raises(ValueError, match="legal"):
        Classification(**settings)


def test_the_task_comes_back_from_its_description():
    task = Classification.of(np.array([3, 1, 1, 1, 1, 1, 1, 1, 1, 1]), names_of(10))

    assert task.lead == "balanced_accuracy"
    assert task_from(json.loads(json.dumps(task.describe()))) == task


def test_a_batch_of_targets_is_one_tensor():
    stacked = TASK.stack([np.int64(2), 0, 1])

    assert stacked.tolist() == [2, 0, 1]
    assert stacked.dtype == torch.int64
    assert TASK.outputs == 3


def loss_of(task, logits, target, weight=None):
    total, weights, _ = task.loss(logits, batch_of(target, weight))
    return (total / weights).item()


def test_class_weights_and_smoothing_are_those_of_torch():
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(5))
    target = [0, 1, 2, 2, 1, 0]
    weights = (0.5, 1.0, 3.0)
    weighed = Classification(
        labels=("a", "b", "c"), weights=weights, choice=LossChoice(class_weights={"a": 0.5, "c": 3.0})
    )
    smoothed = Classification(labels=("a", "b", "c"), choice=LossChoice(smoothing=0.2))

    by_torch = torch.nn.functional.cross_entropy(logits, torch.tensor(target), weight=torch.tensor(weights))
    assert loss_of(weighed, logits, target) == pytest.approx(by_torch.item())
    by_torch = torch.nn.functional.cross_entropy(logits, torch.tensor(target), label_smoothing=0.2)
    assert loss_of(smoothed, logits, target) == pytest.approx(by_torch.item())


def test_a_class_weight_is_a_weight_of_its_examples():
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(6))
    weighed = Classification(
        labels=("a", "b", "c"), weights=(2.0, 1.0, 1.0), choice=LossChoice(class_weights={"a": 2.0}, smoothing=0.1)
    )
    plain = Classification(labels=("a", "b", "c"), choice=LossChoice(smoothing=0.1))

    once = loss_of(weighed, logits, [0, 1, 0, 2])
    assert once == pytest.approx(loss_of(plain, logits, [0, 1, 0, 2], [2.0, 1.0, 2.0, 1.0]))


def test_one_logit_trains_and_answers_as_two_do():
    one = Classification(labels=("no", "yes"), choice=LossChoice(name="binary_cross_entropy"))
    two = Classification(labels=("no", "yes"))
    logit = torch.randn(8, 1, generator=torch.Generator().manual_seed(7))
    both = torch.cat([torch.zeros(8, 1), logit], dim=1)
    batch = batch_of([0, 1, 1, 0, 1, 0, 0, 1])

    assert (one.outputs, two.outputs) == (1, 2)
    for left, right in zip(one.loss(logit, batch), two.loss(both, batch), strict=True):
        assert left.tolist() == pytest.approx(right.tolist())
    assert np.allclose(one.decode(logit, batch), two.decode(both, batch))
    assert one.loss(logit[:, 0], batch).total == one.loss(logit, batch).total
    with pytest.raises(UsageError, match="one logit an example"):
        one.loss(both, batch)


def test_balanced_weights_make_every_class_count_alike():
    column = column_of(["a"] * 6 + ["b"] * 3 + ["c"])
    task = Classification.of(column, names_of(10), loss=LossChoice(class_weights="balanced"))

    assert task.weights == pytest.approx((10 / 18, 10 / 9, 10 / 3))
    assert task.prior_loss(task.encode(column, names_of(10))) == pytest.approx(math.log(3))


def test_weights_of_no_class_are_refused_with_those_that_are_legal():
    with pytest.raises(RecipeError, match=r"loss.class_weights.bb is the weight of no class"):
        Classification.of(column_of(["a", "b"]), names_of(2), loss=LossChoice(class_weights={"bb": 2.0}))


@pytest.mark.parametrize(
    ("labels", "settings", "said"),
    [
        (("a", "b", "c"), {"name": "binary_cross_entropy"}, "it is for two classes, and there are 3"),
        (("a", "b"), {"name": "distillation"}, "it needs shares of the classes"),
        (("a", "b"), {"name": "huber"}, "'huber' is no loss of classification"),
        (("a", "b"), {"focus": 2.0}, "loss.focus decides nothing for cross_entropy"),
        (("a", "b"), {"name": "focal", "smoothing": 0.1}, "loss.smoothing decides nothing for focal"),
    ],
)
def test_losses_and_numbers_that_cannot_be_are_refused(labels, settings, said):
    with pytest.raises(RecipeError, match=said):
        Classification(labels=labels, choice=LossChoice(**settings))


def test_of_shares_the_largest_is_the_class_and_the_cost_is_their_cross_entropy():
    given = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])
    task = Classification.of(given, names_of(3), columns=("no", "yes"))
    answers = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    predictions = task.tabulate(names_of(3), task.encode(given, names_of(3)), answers)

    assert task.soft
    assert predictions.target.tolist() == [0, 1, 0]
    assert predictions.decided.tolist() == [0, 0, 1]
    assert predictions.cost == pytest.approx(-(given * np.log(answers)).sum(axis=1))
    assert task.name_of(given[0]) == "no 0.7, yes 0.3"
    with pytest.raises(RecipeError, match="one class an example, not shares"):
        Classification.of(given, names_of(3), columns=("no", "yes"), loss=LossChoice(name="focal"))


@pytest.mark.parametrize("settings", [{"smoothing": 0.1}, {"class_weights": {"a": 5.0}}, {"name": "focal"}])
def test_no_constant_answer_loses_less_than_the_prior_whatever_the_loss(settings):
    weights = (5.0, 1.0, 1.0) if "class_weights" in settings else ()
    task = Classification(labels=("a", "b", "c"), weights=weights, choice=LossChoice(**settings))
    target = np.repeat([0, 1, 2], [60, 30, 10])
    shares = np.random.default_rng(0).dirichlet((6.0, 3.0, 1.5), 3000)
    losses = [loss_of(task, torch.tensor(np.log(p)).expand(100, 3), target) for p in shares]

    assert task.prior_loss(target) == pytest.approx(min(losses), rel=5e-3)
    assert task.prior_loss(target) <= min(losses) + 1e-6


def test_a_class_that_only_held_out_rows_have_is_scored_as_missed():
    task = Classification.of(np.array(["b", "a", "b"], object), ["1", "2", "3"], elsewhere=["c", None, "a"])

    assert task.labels == ("a", "b", "c")
    assert task.encode(np.array(["c"], object), ["4"]).tolist() == [2]
    table = task.tabulate(["4", "5"], np.array([2, 0]), np.array([[0.5, 0.4, 0.1], [0.8, 0.1, 0.1]]))
    assert task.points(table)["accuracy"] == 0.5


@pytest.mark.parametrize(("classes", "there"), [(10, False), (11, True)])
def test_of_many_classes_one_of_the_first_five_being_right_is_scored(classes, there):
    generator = np.random.default_rng(0)
    task = Classification(labels=tuple(f"c{number}" for number in range(classes)))
    target = generator.integers(0, classes, 60)
    answers = generator.dirichlet(np.ones(classes), size=60)
    measures = task.measure(task.tabulate([f"r{row}" for row in range(60)], target, answers))

    assert ("top_5_accuracy" in {score.name for score in measures.scores}) == there
    if there:
        first_five = np.argsort(-answers, axis=1)[:, :5]
        assert measures["top_5_accuracy"].value == pytest.approx((first_five == target[:, None]).any(axis=1).mean())
