"""The flow on trainings whose best rate is known, and that nothing of the caller's changes."""

import math
from dataclasses import replace

import pytest
import torch

from kilter.finders import learning_rate
from kilter.finders.ending import Ended
from kilter.finders.learning_rate import find_learning_rate
from kilter.testing.state import random_states, state_of
from kilter.values.errors import TrainingError, UsageError
from kilter.values.program import Program


@pytest.fixture
def here(monkeypatch):
    """Probes in this process: the state of what is tried is what `begin` makes afresh each time."""

    class Direct:
        def __init__(self, subject, *, room):
            self._subject = subject

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def call(self, act, *, doing, **arguments):
            return Ended(answer=act(self._subject, **arguments))

    monkeypatch.setattr(learning_rate, "Nursery", Direct)


def valley(*, rate, best=0.1, epochs=400, noise=0.0, edge=math.inf, loss=None):
    """A program whose loss hangs on its rate alone: lowest at `best`, no number from `edge` on."""

    def make(seed):
        model = torch.nn.Linear(1, 1)
        data = [(torch.zeros(1, 1), torch.zeros(1, 1))]
        return model, torch.optim.SGD(model.parameters(), rate), torch.nn.MSELoss(), data, data

    seen = {}

    def step(_model, optimizer, _loss_fn, _batch):
        seen["rate"] = optimizer.param_groups[0]["lr"]
        return math.nan if seen["rate"] >= edge else 1.0

    def validate(_model, _loss_fn, _loader):
        if loss is not None:
            return loss, 0.0
        rate = seen.pop("rate", None)
        return 1.0 if rate is None else min(1.2, 0.1 * math.exp(0.3 * math.log2(rate / best) ** 2)), 0.0

    return Program(make=make, step=step, validate=validate, epochs=epochs)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("rate", [1e-4, 0.013, 0.1, 7.0])
def test_the_lowest_is_found_wherever_it_begins(rate):
    found = find_learning_rate(valley(rate=rate))
    longest = max(probe.steps for probe in found.probes)
    shifted = 0.1 * 2 ** (-0.3 * math.log2(400 / longest))
    assert abs(math.log2(found.rate / shifted)) < 0.2
    assert found.low < found.rate < found.high
    assert found.stable
    assert found.length == 400
    assert found.findings == ()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("cost", [0.3, 1.0, 3.0])
def test_no_more_is_spent_than_was_allowed(cost):
    found = find_learning_rate(valley(rate=0.02), cost=cost)
    assert found.cost == sum(probe.steps for probe in found.probes) / 400
    assert found.cost <= cost


@pytest.mark.usefixtures("here")
def test_more_cost_makes_longer_probes_but_none_longer_than_the_training():
    length = [
        max(probe.steps for probe in find_learning_rate(valley(rate=0.1), cost=cost).probes) for cost in (0.5, 1, 4, 20)
    ]
    assert length[0] < length[1] < length[2] < length[3] == 400


@pytest.mark.usefixtures("here")
def test_two_seeds_tell_the_noise_where_the_budget_allows():
    found = find_learning_rate(valley(rate=0.1), seed=5)
    assert {probe.seed for probe in found.probes} == {5, 6}


@pytest.mark.usefixtures("here")
def test_the_budget_may_end_it_first():
    found = find_learning_rate(valley(rate=0.1, best=1e-3), cost=0.1)
    assert not found.stable
    assert "not settled" in str(found)


@pytest.mark.usefixtures("here")
def test_divergence_costs_what_was_trained_and_is_told():
    found = find_learning_rate(valley(rate=0.01, edge=0.12))
    off = [probe for probe in found.probes if probe.diverged]
    assert off
    assert all(probe.loss == math.inf and probe.rate >= 0.12 for probe in off)
    assert found.cost < sum(probe.steps for probe in found.probes) / 400
    assert found.rate < 0.12


@pytest.mark.usefixtures("here")
def test_a_loss_that_never_falls_is_told_and_ends():
    found = find_learning_rate(valley(rate=0.1, loss=1.0), cost=3.0)
    assert [finding.name for finding in found.findings] == ["no-rate-learns"]
    assert not found.stable


@pytest.mark.usefixtures("here")
def test_a_program_that_refuses_what_is_no_number_diverged_there():
    program = valley(rate=0.05)

    def step(model, optimizer, loss_fn, batch):
        loss = program.step(model, optimizer, loss_fn, batch)
        if optimizer.param_groups[0]["lr"] > 0.15:
            raise TrainingError("the loss is no number")
        return loss

    found = find_learning_rate(replace(program, step=step))
    assert any(probe.diverged for probe in found.probes)
    assert found.rate < 0.15
    with pytest.raises(TrainingError, match="no number"):
        find_learning_rate(replace(program, step=step, make=valley(rate=1.0).make))


@pytest.mark.usefixtures("here")
def test_groups_keep_their_ratio_and_the_rate_is_that_of_the_first():
    program, seen = valley(rate=0.1), set()

    def make(seed):
        model, _, *rest = program.make(seed)
        groups = [{"params": [model.weight]}, {"params": [model.bias], "lr": 0.01}]
        return model, torch.optim.AdamW(groups, 0.1), *rest

    def step(model, optimizer, loss_fn, batch):
        seen.add(round(optimizer.param_groups[0]["lr"] / optimizer.param_groups[1]["lr"], 6))
        return program.step(model, optimizer, loss_fn, batch)

    found = find_learning_rate(replace(program, make=make, step=step))
    assert seen == {10.0}
    assert 0.03 < found.rate < 0.12


@pytest.mark.parametrize("cost", [0, -1.0, math.nan, math.inf])
def test_costs_that_are_none_are_refused(cost, make_pipeline):
    with pytest.raises(UsageError, match="cost="):
        find_learning_rate(make_pipeline(), cost=cost)


def test_in_children_nothing_of_the_callers_changes(make_pipeline):
    pipeline, said = make_pipeline(train={"length": "12ep"}), []
    model = pipeline.make_model()
    before = state_of(pipeline), state_of(model.state_dict()), random_states()
    found = find_learning_rate(pipeline, cost=0.6, told=said.append)
    assert (state_of(pipeline), state_of(model.state_dict()), random_states()) == before
    assert len(said) == len(found.probes)
    assert found.validated
    assert found == find_learning_rate(pipeline, cost=0.6)


def test_a_program_in_children_stays_as_it_is(program_called):
    program = replace(program_called("dropout"), epochs=8)
    model, optimizer, _, train, _ = program.make(0)
    before = state_of(model.state_dict()), state_of(optimizer.state_dict()), random_states()
    order = train.generator.get_state()
    found = find_learning_rate(program, cost=0.5)
    assert (state_of(model.state_dict()), state_of(optimizer.state_dict()), random_states()) == before
    assert torch.equal(train.generator.get_state(), order)
    assert 1e-4 < found.rate < 1
