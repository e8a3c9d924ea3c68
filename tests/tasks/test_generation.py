import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.evaluation.storing import read_predictions, write_predictions
from kilter.tasks.generation import Generation
from kilter.tasks.reading import make_task, task_from
from kilter.values.batch import Batch
from kilter.values.errors import DataError, RecipeError, TrainingError, UsageError
from kilter.values.recipe import LossChoice
from kilter.values.task import IGNORED, Form, Tokens

ENTRIES = ("", "", "", "", "", "a", "b", "c")
TOKENS = Tokens(entries=ENTRIES, joiner="", unit="character")
K = len(ENTRIES)


def column(*rows):
    sequences = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        sequences[place] = np.array(row, dtype=np.int64)
    return sequences


def task(**fields):
    return Generation(**{"entries": ENTRIES, "joiner": "", "unit": "character", **fields})


def batch(target, weight=None):
    target = torch.tensor(target)
    return Batch(
        inputs={"tokens": torch.zeros_like(target)},
        target=target,
        weight=torch.ones(len(target)) if weight is None else torch.tensor(weight),
        ids=tuple(map(str, range(len(target)))),
    )


def answered(given_task, rows, *, seed=0):
    """Predictions of random answers for these rows."""
    draw = np.random.default_rng(seed)
    answers = [np.stack([draw.exponential(size=len(row)), draw.integers(5, K, len(row))], axis=1) for row in rows]
    return given_task.tabulate([str(row) for row in range(len(rows))], column(*rows), answers), answers


def test_the_loss_is_the_nats_of_judged_tokens_by_hand():
    logits = torch.randn(2, 3, K, generator=torch.Generator().manual_seed(0))
    target = [[5, IGNORED, 6], [7, IGNORED, IGNORED]]
    total, weight, each = task().loss(logits, batch(target, [1.0, 3.0]))
    nats = -logits.log_softmax(dim=-1)
    by_hand = [nats[0, 0, 5] + nats[0, 2, 6], nats[1, 0, 7]]
    torch.testing.assert_close(each, torch.stack(by_hand))
    assert total.item() == pytest.approx((by_hand[0] + 3 * by_hand[1]).item())
    assert weight.item() == 2 + 3


def test_smoothing_agrees_with_its_definition_and_is_no_part_of_answers():
    logits = torch.randn(1, 2, K, generator=torch.Generator().manual_seed(1))
    given_batch = batch([[5, 6]])
    smooth = task(choice=LossChoice(smoothing=0.2))
    nats = -logits.log_softmax(dim=-1)[0]
    by_hand = sum(0.8 * nats[place, token] + 0.2 * nats[place].mean() for place, token in enumerate([5, 6]))
    assert smooth.loss(logits, given_batch).total.item() == pytest.approx(by_hand.item())
    np.testing.assert_allclose(smooth.decode(logits, given_batch)[0], task().decode(logits, given_batch)[0])


def test_a_gradient_does_not_reach_places_that_are_not_judged():
    logits = torch.zeros(1, 3, K, requires_grad=True)
    torch.autograd.backward(task().loss(logits, batch([[5, IGNORED, 6]])).total)
    assert (logits.grad[0, 1] == 0).all()
    assert (logits.grad[0, 0] != 0).all()


def test_a_batch_in_which_nothing_is_judged_weighs_nothing():
    total, weight, _ = task().loss(torch.zeros(1, 2, K), batch([[IGNORED, IGNORED]]))
    assert (total.item(), weight.item()) == (0, 0)


@pytest.mark.parametrize("shape", [(1, 2, K + 1), (1, 3, K), (2, K)])
def test_outputs_of_another_shape_are_refused(shape):
    with pytest.raises(UsageError, match=r"\(1, 2, 8\) is legal"):
        task().loss(torch.zeros(shape), batch([[5, 6]]))


def test_chance_is_uniform_and_the_prior_is_the_entropy_of_tokens():
    targets = column([5, 5, 6], [6, 5, 5])
    assert task().chance_loss(targets) == pytest.approx(math.log(K))
    assert task().prior_loss(targets) == pytest.approx(-(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3)))


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_the_prior_loss_is_that_of_the_best_constant_logits(smoothing):
    given_task = task(choice=LossChoice(smoothing=smoothing))
    rows = [[5, 5, 6, 7], [6, 5, 5, 5]]
    counts = np.bincount(np.concatenate(rows), minlength=K) / 8
    best = torch.tensor(np.log((1 - smoothing) * counts + smoothing / K + 1e-30), dtype=torch.float32)
    total, weight, _ = given_task.loss(best.expand(2, 4, K), batch(rows))
    assert given_task.prior_loss(column(*rows)) == pytest.approx((total / weight).item(), rel=1e-5)


def test_decoding_gives_a_line_for_each_judged_token():
    logits = torch.randn(2, 3, K, generator=torch.Generator().manual_seed(2))
    answers = task().decode(logits, batch([[IGNORED, 5, 6], [7, IGNORED, IGNORED]]))
    assert [answer.shape for answer in answers] == [(2, 2), (1, 2)]
    assert answers[0][1, 0] == pytest.approx(-logits.log_softmax(dim=-1)[0, 2, 6].item(), rel=1e-6)
    assert answers[0][1, 1] == logits[0, 2].argmax().item()


def test_scores_weigh_tokens_and_not_texts():
    predictions, answers = answered(task(), [[5, 6, 7, 5, 6], [7]])
    nats = np.concatenate([answer[:, 0] for answer in answers])
    measures = task().measure(predictions)
    assert measures.primary.name == "nats_per_character"
    assert not measures.primary.larger_is_better
    assert measures.primary.value == pytest.approx(nats.mean())
    assert measures["perplexity"].value == pytest.approx(math.exp(nats.mean()))
    assert measures["bits_per_character"].value == pytest.approx(nats.mean() / math.log(2))
    right = np.concatenate([answer[:, 1] for answer in answers]) == np.array([5, 6, 7, 5, 6, 7])
    assert measures["token_accuracy"].value == pytest.approx(right.mean())
    assert task().points(predictions)["nats_per_character"] == pytest.approx(nats.mean())
    assert -predictions.merit.mean() == pytest.approx(nats.mean())
    assert (task().merit, task(unit="word").merit) == ("negative nats per character", "negative nats per token")
    assert (predictions.cost * predictions.weight).sum() / predictions.weight.sum() == pytest.approx(nats.mean())


def test_tokens_that_are_no_characters_have_no_bits_per_character():
    names = [score.name for score in task(unit="word").measure(answered(task(unit="word"), [[5], [6]])[0]).scores]
    assert names[0] == "nats_per_token"
    assert "bits_per_character" not in names


def test_answers_without_a_likeliest_token_have_no_accuracy():
    predictions = task().tabulate(["x", "y"], column([5, 6], [7]), [np.array([1.0, 2.0]), np.array([0.5])])
    assert predictions.decided[0].tolist() == [IGNORED, IGNORED]
    assert "token_accuracy" not in {score.name for score in task().measure(predictions).scores}
    assert task().points(predictions) == {"nats_per_character": pytest.approx(3.5 / 3)}
    assert task().name_of(predictions.decided[0]) == ""


def test_a_row_without_tokens_counts_nothing():
    predictions = task().tabulate(["x", "y"], column([5, 6], []), [np.array([1.0, 3.0]), np.zeros(0)])
    assert predictions.weight.tolist() == [2, 0]
    assert task().measure(predictions).primary.value == pytest.approx(2.0)


def test_written_texts_are_compared_with_the_true_ones():
    given_task = task(form=Form.TEXT)
    predictions, _ = answered(given_task, [[5, 6, 3], [7, 3]])
    assert [len(text) for text in predictions.decided] == [0, 0]
    assert "exact_match" not in {score.name for score in given_task.measure(predictions).scores}
    written = replace(predictions, decided=column([5, 6, 3], [6, 3]))
    scores = given_task.measure(written)
    assert scores["exact_match"].value == 0.5
    assert scores["token_f1"].value == pytest.approx((1 + 0) / 2)
    assert scores["chrf"].value == pytest.approx((1 + 0) / 2)
    assert scores.primary.name == "nats_per_character"


def test_answers_that_are_not_finite_are_refused():
    predictions = task().tabulate(["x"], column([5]), [np.array([math.inf])])
    with pytest.raises(TrainingError, match="1 of 1 texts"):
        task().measure(predictions)


def test_texts_are_named_without_marks():
    assert task().name_of(np.array([2, 5, 1, 6, 3, IGNORED])) == "a[unknown]b"
    assert task(joiner=" ", unit="word").name_of([5, 6, 3]) == "a b"


@given(st.lists(st.lists(st.integers(0, K - 1), max_size=5), min_size=1, max_size=4))
def test_stacking_pads_with_what_is_not_judged(rows):
    encoded = task().encode(column(*rows), [str(row) for row in range(len(rows))])
    stacked = task().stack(list(encoded))
    assert stacked.shape == (len(rows), max(map(len, rows)))
    assert [[token for token in row if token != IGNORED] for row in stacked.tolist()] == rows


def test_what_is_no_text_of_the_vocabulary_is_refused_with_its_row():
    texts = np.empty(2, dtype=object)
    texts[0], texts[1] = [5, 6], "words"
    with pytest.raises(DataError, match="1 of 2 targets") as caught:
        task().encode(texts, ["f:1", "f:2"])
    assert caught.value.faults[0].where == "f:2"
    with pytest.raises(DataError, match="ids from 0 to 7"):
        task().encode(column([5, 8]), ["f:1"])


def test_the_task_can_be_described_and_made_again():
    made = make_task(
        "generation", column([5, 6], [7]), ["x", "y"], form=Form.TEXT, tokens=TOKENS, loss=LossChoice(smoothing=0.1)
    )
    assert task_from(made.describe()) == made
    assert made.outputs == K


def test_nothing_to_learn_is_refused():
    with pytest.raises(DataError, match="all 3 texts to learn are 'ab'"):
        Generation.of(column([5, 6], [5, 6], [5, 6]), tokens=TOKENS)
    with pytest.raises(DataError, match="no text to learn"):
        Generation.of(column([], []), tokens=TOKENS)


def test_a_loss_that_is_none_of_its_own_is_refused():
    with pytest.raises(RecipeError, match="focal"):
        Generation.of(column([5], [6]), tokens=TOKENS, loss=LossChoice(name="focal"))
    with pytest.raises(RecipeError, match="margin"):
        Generation.of(column([5], [6]), tokens=TOKENS, loss=LossChoice(margin=1.0))


def test_only_texts_can_be_its_form():
    with pytest.raises(ValueError, match="legal are"):
        task(form=Form.ROW)


def test_predictions_that_were_stored_measure_the_same(tmp_path):
    given_task = task(form=Form.TEXT)
    predictions, _ = answered(given_task, [[5, 6, 3], [7, 3]])
    written = replace(predictions, decided=column([5, 6, 3], [6, 3]))
    write_predictions(tmp_path / "p.jsonl", written, given_task.name_of)
    assert given_task.measure(read_predictions(tmp_path / "p.jsonl")) == given_task.measure(written)
