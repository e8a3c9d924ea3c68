import numpy as np
import pytest
import torch

from kilter.engine.predicting import answers_of, evaluating, predict
from kilter.engine.seeding import fresh_model, random_state

from .conftest import source


def test_predictions_stand_in_the_order_of_the_rows(make_pipeline):
    pipeline = make_pipeline()
    model, rows = fresh_model(pipeline, 0), source(37, size=10)
    predictions, loss = predict(pipeline, model, rows)
    logits = model(rows.plain(range(len(rows))).inputs["numbers"])
    expected = torch.softmax(logits, 1).detach().numpy()
    np.testing.assert_allclose(predictions.answer, expected, rtol=1e-5)
    assert predictions.ids == rows.ids
    assert loss == pytest.approx(
        torch.nn.functional.cross_entropy(logits, torch.as_tensor(rows.targets)).item(), rel=1e-5
    )
    np.testing.assert_allclose(predictions.cost.mean(), loss, rtol=1e-5)


def test_weights_count_in_the_loss(make_pipeline):
    pipeline = make_pipeline()
    rows = source(4, weights=[1.0, 0.0, 0.0, 3.0])
    predictions, loss = predict(pipeline, fresh_model(pipeline, 0), rows)
    assert loss == pytest.approx(np.average(predictions.cost, weights=[1, 0, 0, 3]), rel=1e-5)
    assert predictions.weight.tolist() == [1, 0, 0, 3]


def test_modes_gradients_and_random_states_are_left_as_found(make_pipeline):
    pipeline = make_pipeline(dropout=0.5)
    model = fresh_model(pipeline, 0).train()
    model.drop.eval()
    state = random_state().torch
    first, second = (predict(pipeline, model, source(20)).predictions.answer for _ in range(2))
    assert np.array_equal(first, second)
    assert (model.training, model.drop.training, torch.is_grad_enabled()) == (True, False, True)
    assert torch.equal(random_state().torch, state)


def test_modes_come_back_after_an_error(make_pipeline):
    model = fresh_model(make_pipeline(), 0).train()
    with pytest.raises(RuntimeError), evaluating(model):
        raise RuntimeError
    assert model.training


def test_answers_of_a_batch(make_pipeline):
    pipeline = make_pipeline(dropout=0.5)
    model, rows = fresh_model(pipeline, 0), source(8)
    answers = answers_of(pipeline, model, rows.plain(range(8)))
    np.testing.assert_allclose(np.stack(answers), predict(pipeline, model, rows).predictions.answer, rtol=1e-5)
