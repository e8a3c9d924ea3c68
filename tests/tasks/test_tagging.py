import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from seqeval import metrics as seqeval
from torch.nn import functional

from kilter.metrics.tags import Scheme, broken
from kilter.tasks.reading import make_task, task_from
from kilter.tasks.tagging import Tagging
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.json_form import dumps
from kilter.values.recipe import LossChoice
from kilter.values.task import IGNORED, Form

TASK = Tagging(labels=("O", "B-name", "I-name", "B-time", "I-time"))
K = len(TASK.labels)


def column_of(rows):
    column = np.empty(len(rows), dtype=object)
    column[:] = [*map(tuple, rows), None][:-1]
    return column


def ids_of(count):
    return tuple(f"t.conll:{row}" for row in range(count))


def batch_of(targets, weight=None, tokens=None):
    lengths = torch.tensor([max(1, len(target)) for target in targets])
    mask = torch.arange(tokens or int(lengths.max())) < lengths[:, None]
    weights = torch.ones(len(targets)) if weight is None else torch.tensor(weight)
    return Batch(
        inputs={"mask": mask},
        target=TASK.stack([np.array(t) for t in targets]),
        weight=weights,
        ids=ids_of(len(targets)),
    )


def shares(draw, lengths):
    return [draw.dirichlet(np.full(K, 0.4), length) for length in lengths]


def table(targets, answers, **options):
    return TASK.tabulate(ids_of(len(targets)), column_of_arrays(targets), answers, **options)


def column_of_arrays(rows):
    column = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        column[place] = np.array(row, dtype=np.int64)
    return column


def test_labels_are_iob2_tags_whatever_the_scheme():
    for rows in (
        [["I-time", "O"], ["I-name", "B-name"]],
        [["B-time", "O"], ["B-name", "B-name"]],
        [["S-time", "O"], ["S-name", "S-name"]],
        [["U-time", "O"], ["U-name", "B-name", "L-name"]],
    ):
        assert Tagging.of(column_of(rows), ids_of(2)) == TASK
        encoded = TASK.encode(column_of(rows), ids_of(2))
        assert encoded[0].tolist() == [3, 0]
        assert encoded[1].tolist()[:2] == [1, 1]
    assert TASK.name_of(np.array([0, 1, 2])) == "O B-name I-name"
    assert TASK.form is Form.TOKEN


def test_it_is_described_and_made_again():
    task = make_task("tagging", column_of([["B-x"]]), ids_of(1), loss=LossChoice(smoothing=0.1))

    assert task.labels == ("O", "B-x", "I-x")
    assert task_from(task.describe()) == task
    dumps(task.describe())


@pytest.mark.parametrize(
    ("rows", "met"),
    [
        ([["O"], ["O", "O"]], "all 3 tags are 'O'"),
        ([[]], "there are no tags"),
        ([["O", "name"], ["Z-x"]], "2 of 3 tags are none"),
        ([["O"], None], "1 targets are missing"),
    ],
)
def test_what_cannot_be_learnt_is_refused(rows, met):
    column = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        column[place] = None if row is None else tuple(row)
    with pytest.raises(DataError, match=met):
        Tagging.of(column, ids_of(len(rows)))


def test_types_that_training_has_not_are_refused_with_their_rows():
    with pytest.raises(DataError) as caught:
        TASK.encode(column_of([["O"], ["O", "B-place"]]), ids_of(2))

    assert [(fault.where, fault.met) for fault in caught.value.faults] == [("t.conll:1", "tag 'B-place' of token 2")]
    assert "'name', 'time'" in str(caught.value)


@pytest.mark.parametrize("labels", [("O",), ("B-x", "I-x"), ("O", "I-x", "B-x"), ("O", "B-x")])
def test_labels_have_their_order(labels):
    with pytest.raises(ValueError, match="labels"):
        Tagging(labels=labels)


def test_losses_that_it_has_not_are_refused():
    with pytest.raises(RecipeError, match="no loss of tagging"):
        Tagging(labels=TASK.labels, choice=LossChoice(name="focal"))
    with pytest.raises(RecipeError, match="margin"):
        Tagging(labels=TASK.labels, choice=LossChoice(margin=1.0))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.2]))
def test_the_loss_is_the_naive_sum_over_tokens(seed, smoothing):
    draw = np.random.default_rng(seed)
    targets = [draw.integers(0, K, size) for size in draw.integers(1, 6, 4)]
    weight = draw.random(4).astype(np.float32)
    task = Tagging(labels=TASK.labels, choice=LossChoice(smoothing=smoothing))
    batch = batch_of(targets, weight.tolist())
    logits = torch.from_numpy(draw.normal(size=(4, batch.inputs["mask"].shape[1], K)))
    loss = task.loss(logits, batch)

    each = [
        sum(
            functional.cross_entropy(logits[row, place], torch.tensor(tag), label_smoothing=smoothing).item()
            for place, tag in enumerate(target)
        )
        for row, target in enumerate(targets)
    ]
    assert loss.each.tolist() == pytest.approx(each)
    assert loss.total.item() == pytest.approx(float(np.dot(each, weight)))
    assert loss.weight.item() == pytest.approx(sum(w * len(t) for w, t in zip(weight, targets, strict=True)), rel=1e-5)


def test_the_loss_of_parts_adds_up_and_padding_has_none():
    draw = np.random.default_rng(0)
    targets = [[1, 2, 0], [0], [3, 4]]
    logits = torch.from_numpy(draw.normal(size=(3, 5, K)))
    whole = TASK.loss(logits[:, :3], batch_of(targets))
    padded = TASK.loss(logits, batch_of(targets, tokens=5))
    parts = [TASK.loss(logits[row : row + 1, : len(t)], batch_of([t])) for row, t in enumerate(targets)]

    for other in ([padded], parts):
        assert sum(part.total.item() for part in other) == pytest.approx(whole.total.item())
        assert sum(part.weight.item() for part in other) == whole.weight.item() == 6
    assert whole.each.sum().item() == pytest.approx(whole.total.item())


def test_tokens_that_were_cut_are_not_judged_and_are_taken_for_outside():
    targets = [[1, 2, 0, 3]]
    batch = Batch(
        inputs={"mask": torch.ones(1, 2, dtype=torch.bool)},
        target=TASK.stack(targets),
        weight=torch.ones(1),
        ids=ids_of(1),
    )
    loss = TASK.loss(torch.zeros(1, 2, K), batch)
    predictions = table(targets, [np.eye(K)[[1, 2]]])

    assert loss.weight.item() == 2
    assert loss.total.item() == pytest.approx(2 * math.log(K))
    assert predictions.decided[0].tolist() == [1, 2, 0, 0]
    assert predictions.cost[0] == 0
    assert TASK.measure(predictions)["recall"].value == 0.5


def test_a_sentence_without_tokens_costs_nothing():
    batch = batch_of([[], [1]])
    loss = TASK.loss(torch.zeros(2, 1, K), batch)
    predictions = table([[], [1]], [np.full((1, K), 1 / K), np.eye(K)[[1]]])

    assert loss.weight.item() == 1
    assert predictions.decided[0].tolist() == []
    assert predictions.cost.tolist() == [0, 0]


def test_chance_and_prior_losses_are_those_of_constant_answers():
    targets = [[1, 2, 0, 0], [0, 3]]
    for smoothing in (0.0, 0.1):
        task = Tagging(labels=TASK.labels, choice=LossChoice(smoothing=smoothing))
        batch = batch_of(targets)
        counts = np.bincount([1, 2, 0, 0, 0, 3], minlength=K) / 6
        best = torch.from_numpy(np.log(np.maximum(counts * (1 - smoothing) + smoothing / K, 1e-12)))

        def mean(logits, task=task, batch=batch):
            loss = task.loss(logits.expand(2, 4, K), batch)
            return (loss.total / loss.weight).item()

        assert task.chance_loss(column_of_arrays(targets)) == pytest.approx(mean(torch.zeros(K)))
        assert task.prior_loss(column_of_arrays(targets)) == pytest.approx(mean(best))
        assert task.prior_loss(column_of_arrays(targets)) < mean(best + 0.3 * torch.arange(K))


def test_answers_are_the_probabilities_of_each_token():
    batch = batch_of([[1, 2, 0], [0]])
    logits = torch.randn(2, 3, K, generator=torch.Generator().manual_seed(0))
    answers = TASK.decode(logits, batch)

    assert [answer.shape for answer in answers] == [(3, K), (1, K)]
    np.testing.assert_allclose(answers[0], torch.softmax(logits[0].double(), -1).numpy())


@given(st.integers(0, 2**32 - 1))
def test_decisions_are_always_legal_and_the_cost_is_that_of_the_loss(seed):
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 6, 5)
    targets = [draw.integers(0, K, length) for length in lengths]
    answers = shares(draw, lengths)
    predictions = table(targets, answers)

    for target, decided, answer, cost in zip(targets, predictions.decided, answers, predictions.cost, strict=True):
        assert broken([TASK.labels[tag] for tag in decided], Scheme.IOB2) == ()
        assert cost == pytest.approx(np.mean([-math.log(row[tag]) for row, tag in zip(answer, target, strict=True)]))


@given(st.integers(0, 2**32 - 1))
def test_the_mean_merit_is_span_f1(seed):
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 6, 20)
    targets = [draw.integers(0, K, length) for length in lengths]
    answers = [0.5 * each + 0.5 * np.eye(K)[t] for each, t in zip(shares(draw, lengths), targets, strict=True)]
    predictions = table(targets, answers)
    measures = TASK.measure(predictions)

    assert predictions.merit.mean() == pytest.approx(measures["span_f1"].value)
    assert TASK.merit == "span F1"
    for name, value in TASK.points(predictions).items():
        assert value == pytest.approx(measures[name].value)


def test_merits_vary_as_much_as_span_f1_does():
    draw = np.random.default_rng(3)

    def made():
        targets, answers = [], []
        for _ in range(150):
            target = np.array([1, 2, 0, 3, 0] if draw.random() < 0.6 else [0, 0, 0, 3, 4])
            said = target if draw.random() < 0.7 else np.array([1, 0, 0, 0, 0])
            targets.append(target)
            answers.append(np.eye(K)[said])
        return table(targets, answers)

    many = [made() for _ in range(300)]
    told = np.mean([each.merit.std() / math.sqrt(150) for each in many])
    assert np.std([each.merit.mean() for each in many]) == pytest.approx(told, rel=0.15)


def test_where_there_is_nothing_to_find_and_nothing_was_said_all_is_right():
    predictions = table([[0, 0], [0]], [np.eye(K)[[0, 0]], np.eye(K)[[0]]])

    assert predictions.merit.tolist() == [1, 1]
    assert TASK.measure(predictions).primary.value is None
    assert math.isnan(TASK.points(predictions)["span_f1"])


def test_span_f1_leads_and_types_have_scores_of_their_own():
    targets = [[1, 2, 0], [3, 0, 0], [3, 4, 0]] * 20
    said = [[1, 2, 0], [0, 0, 0], [3, 0, 0]] * 20
    measures = TASK.measure(table(targets, [np.eye(K)[row] for row in said]))

    names = ["span_f1", "precision", "recall", "macro_f1", "token_accuracy", "token_f1", "malformed"]
    assert [score.name for score in measures.scores] == names
    assert measures.primary.value == pytest.approx(2 * 20 / (60 + 40))
    assert measures.primary.low < measures.primary.value < measures.primary.high
    assert measures["token_accuracy"].value == pytest.approx(7 / 9)
    assert [(each.label, each.support) for each in measures.classes] == [("name", 20), ("time", 40)]
    assert [score.value for score in measures.classes[0].scores] == [1, 1, 1]
    assert measures.classes[1].scores[1].value == 0


def test_sentences_whose_likeliest_tags_break_the_scheme_are_counted():
    measures = TASK.measure(table([[1, 2, 0], [3, 0]], [np.eye(K)[[0, 2, 0]], np.eye(K)[[3, 0]]]))

    assert measures["malformed"].value == 0.5
    assert not measures["malformed"].larger_is_better
    assert "break the scheme, 1 in all" in measures["malformed"].reading
    assert measures["span_f1"].reading == ""


def test_the_lenient_reading_takes_tags_as_they_come_and_agrees_with_seqeval():
    draw = np.random.default_rng(7)
    lengths = draw.integers(1, 9, size=80)
    targets = [TASK.encode(column_of([[TASK.labels[t] for t in draw.integers(0, K, n)]]), ("t:1",))[0] for n in lengths]
    answers = shares(draw, lengths)
    task = replace(TASK, reading="lenient")
    predictions = task.tabulate(ids_of(80), column_of_arrays(targets), answers)
    measures = task.measure(predictions)

    said = [answer.argmax(axis=1) for answer in answers]
    assert all(np.array_equal(ours, likeliest) for ours, likeliest in zip(predictions.decided, said, strict=True))
    named = [[[TASK.labels[tag] for tag in row] for row in rows] for rows in (targets, said)]
    assert measures.primary.value == pytest.approx(seqeval.f1_score(*named))
    assert measures["precision"].value == pytest.approx(seqeval.precision_score(*named))
    assert predictions.merit.mean() == pytest.approx(measures.primary.value)
    assert task.points(predictions)["span_f1"] == pytest.approx(measures.primary.value)
    strict = TASK.measure(TASK.tabulate(ids_of(80), column_of_arrays(targets), answers))
    assert strict.primary.value != measures.primary.value
    assert strict["malformed"] == measures["malformed"]
    assert 0 < measures["malformed"].value < 1


def test_the_lenient_reading_is_named_and_kept():
    task = make_task("tagging", column_of([["B-name", "B-time"]]), ids_of(1), spans="lenient")
    measures = task.measure(table([[1, 2, 0], [3, 0]], [np.eye(K)[[0, 2, 0]], np.eye(K)[[3, 0]]]))

    assert task == replace(TASK, reading="lenient")
    assert task_from(task.describe()) == task
    assert (TASK.merit, task.merit) == ("span F1", "lenient span F1")
    for name in ("span_f1", "precision", "recall"):
        assert measures[name].reading.startswith("lenient spans")
    assert measures["macro_f1"].reading.startswith("mean over types in truth or said, lenient spans")
    assert measures["token_f1"].reading == ""
    assert measures.classes[0].scores[0].reading.startswith("lenient spans")
    with pytest.raises(ValueError, match="reading = 'loose': 'strict' and 'lenient' are legal"):
        replace(TASK, reading="loose")


def test_answers_that_are_no_numbers_are_refused():
    with pytest.raises(TrainingError, match="1 of 2 answers are not finite"):
        TASK.measure(table([[1], [1]], [np.full((1, K), np.nan), np.eye(K)[[1]]]))


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, K + 1), (2, 4, K), (1, 3, K), (2, K, 3)])
def test_outputs_of_another_shape_are_refused(shape):
    with pytest.raises(UsageError, match="one logit a tag"):
        TASK.loss(torch.zeros(shape), batch_of([[1, 2, 0], [0]]))


def test_targets_are_padded_with_what_is_not_judged():
    assert TASK.stack([np.array([1, 2]), np.array([0])]).tolist() == [[1, 2], [0, IGNORED]]


def test_a_type_that_only_held_out_sentences_have_is_scored_as_missed():
    column = np.empty(1, object)
    column[0] = ("B-x", "O")
    task = Tagging.of(column, ["1"], elsewhere=[("B-y", "I-y"), None])

    assert task.labels == ("O", "B-x", "I-x", "B-y", "I-y")
