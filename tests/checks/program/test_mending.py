"""Changes that mend a program from outside."""

import pytest
import torch

from kilter.checks.program import mending
from kilter.engine.programs import Made

from .fitting.programs import adam, bench_of, sgd


def _made(model, train=()):
    return Made(model=model, optimizer=None, loss_fn=None, train=train, valid=None)


def test_the_plain_order_is_the_plain_training():
    bench = bench_of(adam(5e-3), epochs=1)
    assert bench.trial(mending.in_plain_order(bench.program)).losses == pytest.approx(bench.trial().losses)


def test_the_plain_order_mends_gradients_that_are_left():
    def left(model, optimizer, loss_fn, batch):
        loss = loss_fn(model(batch[0]), batch[1])
        loss.backward()
        optimizer.step()
        return loss

    bench, right = bench_of(sgd(0.05), step=left, epochs=1), bench_of(sgd(0.05), epochs=1)
    assert bench.trial(mending.in_plain_order(bench.program)).losses == pytest.approx(right.trial().losses)


def test_a_step_without_backward_gives_its_loss():
    bench = bench_of(sgd(0.05), step=lambda model, _optimizer, loss_fn, batch: loss_fn(model(batch[0]), batch[1]))
    right = bench_of(sgd(0.05))
    assert bench.trial(mending.in_plain_order(bench.program)).valid == right.trial().valid


def test_an_optimizer_made_again_has_its_settings_and_all_parameters():
    bench = bench_of(lambda model: torch.optim.SGD(model[-1].parameters(), lr=0.05, momentum=0.9))
    right = bench_of(sgd(0.05))
    assert bench.trial(mending.with_all_parameters(bench.program)).losses == pytest.approx(right.trial().losses)


def test_gradients_turned_round_climb():
    bench = bench_of(sgd(0.02), epochs=1)
    turned = bench.trial(mending.with_gradients("turned", lambda gradient: -gradient))
    assert turned.train_loss > bench.trial().train_loss


def test_shuffling_loses_no_row_and_keeps_pairs():
    loader = [(torch.arange(4.0)[:, None] + 4 * at, torch.arange(4) + 4 * at) for at in range(5)]
    shuffled = list(mending.SHUFFLED.batches(loader))
    assert all(torch.equal(inputs[:, 0].long(), targets) for inputs, targets in shuffled)
    order = torch.cat([targets for _, targets in shuffled]).tolist()
    assert sorted(order) == list(range(20))
    assert order != list(range(20))


def test_rows_that_are_no_numbers_are_left_out():
    inputs = torch.ones(4, 2)
    inputs[1, 0] = torch.nan
    ((kept, targets),) = mending.FINITE.batches([(inputs, torch.arange(4))])
    assert targets.tolist() == [0, 2, 3]
    assert torch.isfinite(kept).all()


def test_inputs_and_outputs_get_their_units():
    model = torch.nn.Identity()
    mending.standardised(torch.tensor([10.0]), torch.tensor([5.0])).prepare(_made(model))
    mending.rescaled(100.0, 2.0).prepare(_made(model))
    assert float(model(torch.tensor([[20.0]]))) == 2.0 * 2.0 + 100.0


def test_flags_and_statistics_are_set():
    model = torch.nn.ModuleList([torch.nn.LSTM(2, 2), torch.nn.BatchNorm1d(2, momentum=1e-9)])
    mending.BATCH_FIRST.prepare(_made(model))
    mending.USUAL_STATISTICS.prepare(_made(model))
    assert (model[0].batch_first, model[1].momentum) == (True, 0.1)


def test_activations_are_put_between_layers_and_taken_from_the_end():
    linear = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Linear(5, 2))
    mending.ACTIVATED.prepare(_made(linear))
    rows = torch.randn(20, 3)
    hidden = torch.nn.functional.linear(rows, linear[0].weight, linear[0].bias).relu()
    assert torch.allclose(linear(rows), torch.nn.functional.linear(hidden, linear[1].weight, linear[1].bias))
    ended = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.ReLU())
    change = mending.without_last_activation(bench_of(sgd(0.1)).program, lambda _outputs, loss, _batch: loss)
    with change.around(_made(ended)):
        assert (ended(rows) < 0).any()


def test_layers_get_outputs_of_unit_spread():
    model = torch.nn.Sequential(torch.nn.Linear(3, 50), torch.nn.Sigmoid(), torch.nn.Linear(50, 50))
    torch.nn.init.normal_(model[0].weight, 0, 100)
    rows = torch.randn(200, 3)

    def probe(made):
        with torch.no_grad():
            made.model(rows)

    mending.of_unit_spread(probe).prepare(_made(model))
    assert float(model[0](rows).detach().std()) == pytest.approx(1.0, rel=0.2)
    mending.with_relu_inside(probe).prepare(_made(model))
    assert (model[1](rows) >= 0).all()
    assert (model[1](10 * rows) > 1).any()


def test_numbers_stay_wide_inside_and_methods_are_given_back():
    before = torch.Tensor.bfloat16
    with mending.IN_32_BITS.around(_made(torch.nn.Linear(2, 2).bfloat16())):
        assert torch.ones(1).bfloat16().dtype is torch.float32
    assert torch.Tensor.bfloat16 is before


def test_a_sigmoid_stands_in_for_what_ends_the_model():
    model = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Softmax(-1))
    mending.SIGMOID_AT_THE_END.prepare(_made(model))
    assert model(torch.randn(30, 2)).detach().std() > 0
