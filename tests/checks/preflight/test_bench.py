"""A pipeline on the bench."""

from functools import partial

import numpy as np
import pytest
import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.preflight.bench import Bench, chosen, with_inputs
from kilter.testing.healthy.pipelines import classify, labels, numbers, of_amounts, over_numbers, over_tokens
from kilter.testing.networks import Perceptron


def refuses(*_):
    raise RuntimeError


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(left, right):
    return all(torch.equal(tensor, right[name]) for name, tensor in left.items())


def test_models_follow_from_their_seeds_and_train():
    bench = Bench(over_numbers())
    assert same(weights(bench.model()), weights(bench.model()))
    assert not same(weights(bench.model()), weights(bench.model(1)))
    assert bench.model().training


def test_a_trained_model_is_another_one_unless_training_breaks_it():
    bench = Bench(over_numbers())
    assert not same(weights(bench.trained(bench.batches(2, 8))), weights(bench.model()))
    targets = labels()
    broken = Bench(
        classify(
            partial(Perceptron, 6, 3),
            {"numbers": 1e30 * numbers(targets)},
            targets,
            optimizer={"name": "sgd", "learning_rate": 1e30},
            train={"clip_norm": None},
        )
    )
    assert all(torch.isfinite(tensor).all() for tensor in broken.trained(broken.batches(2, 8)).parameters())


def test_batches_are_those_of_the_run():
    bench = Bench(over_numbers())
    plan = bench.pipeline.splits["train"].plan(seed=0, epoch=0)
    first, second = bench.batches(2, 8)
    assert first.ids == tuple(f"row:{row}" for row in plan[0][:8])
    assert second.ids == tuple(f"row:{row}" for row in plan[1][:8])
    assert len(bench.batches(1000, 4)) == len(plan)
    assert bench.sample(40).ids == tuple(f"row:{row}" for rows in plan for row in rows)[:40]


def test_losses_are_sum_over_weight_and_references_those_of_the_rows():
    bench = Bench(over_numbers(weights=[1.0 + row % 2 for row in range(96)]))
    batch = bench.sample(32)
    outputs = bench.outputs(bench.model(), batch)
    each = torch.nn.functional.cross_entropy(outputs, batch.target, reduction="none")
    assert bench.mean_loss(outputs, batch) == pytest.approx(float((each * batch.weight).sum() / batch.weight.sum()))
    assert bench.chance_loss(batch) == pytest.approx(np.log(3))
    shares = np.bincount(batch.target.numpy()) / 32
    assert bench.prior_loss(batch) == pytest.approx(float(-(shares * np.log(shares)).sum()))


def test_evaluation_leaves_the_mode_and_the_gradients_alone():
    bench = Bench(over_numbers(partial(Perceptron, 6, 3, dropout=0.5)))
    model = bench.model()
    batch = bench.sample(8)
    assert torch.equal(bench.evaluated(model, batch), bench.evaluated(model, batch))
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_step_is_at_the_recipes_full_rate_and_clipping_unless_told_otherwise():
    bench = Bench(
        over_numbers(optimizer={"name": "sgd", "learning_rate": 0.5, "momentum": 0.0}, train={"clip_norm": 0.01})
    )
    moved = {}
    for name, options in {"usual": {}, "slow": {"rate": 0.05}, "unclipped": {"clip_norm": None}}.items():
        model, optimizer = bench.made()
        before = weights(model)
        bench.step(model, optimizer, bench.sample(16), **options)
        moved[name] = float(sum((tensor - before[key]).square().sum() for key, tensor in weights(model).items()) ** 0.5)
    assert moved["usual"] == pytest.approx(0.5 * 0.01, rel=1e-3)
    assert moved["slow"] == pytest.approx(0.05 * 0.01, rel=1e-3)
    assert moved["unclipped"] > 2 * moved["usual"]


def test_errors_say_what_was_being_done():
    model = Bench(over_numbers()).model()
    with pytest.raises(PersonsCodeFailed, match="Making the model"):
        Bench(over_numbers(refuses)).model()
    with pytest.raises(PersonsCodeFailed, match="Making the optimizer"):
        Bench(over_numbers(make_optimizer=refuses)).optimizer(model)
    broken = Bench(over_numbers(forward=refuses))
    with pytest.raises(PersonsCodeFailed, match="forward pass"):
        broken.outputs(model, broken.sample(4))


def test_rows_are_chosen_with_all_that_belongs_to_them():
    bench = Bench(over_tokens())
    batch = bench.sample(5)
    part = chosen(batch, [3, 3, 0])
    assert part.ids == (batch.ids[3], batch.ids[3], batch.ids[0])
    for name in ("tokens", "mask"):
        assert torch.equal(part.inputs[name], batch.inputs[name][[3, 3, 0]])
    assert torch.equal(part.target, batch.target[[3, 3, 0]])
    changed = with_inputs(batch, tokens=batch.inputs["tokens"] * 0)
    assert not changed.inputs["tokens"].any()
    assert changed.inputs["mask"] is batch.inputs["mask"]


def test_amounts_are_stacked_in_standard_units():
    batch = Bench(of_amounts()).sample(96)
    assert float(batch.target.mean()) == pytest.approx(0, abs=1e-5)
