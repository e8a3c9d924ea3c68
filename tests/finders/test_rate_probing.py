"""A shortened training and its loss, against the same made by hand; in this process, where nothing says otherwise."""

import math
from dataclasses import replace

import pytest
import torch

from kilter.engine.attempt import begin
from kilter.finders.ending import Ended
from kilter.finders.rate_probing import Outcome, outset, see_outset, trained, try_rate
from kilter.values.errors import TrainingError, UsageError
from kilter.values.program import Program


class Direct:
    """Does in this process what a nursery does in another."""

    def __init__(self, subject):
        self._subject = subject

    def call(self, act, *, doing, **arguments):
        return Ended(answer=act(self._subject, **arguments))


class Dying:
    def call(self, act, *, doing, **arguments):
        return Ended(ran_out="killed by SIGKILL")


def test_the_loss_is_that_of_validation_after_so_many_steps(make_pipeline):
    pipeline = make_pipeline()
    attempt = begin(pipeline, seed=3, rate=0.02, steps=5)
    for _ in range(5):
        attempt.step()
    found = trained(pipeline, rate=0.02, steps=5, seed=3, validated=True)
    assert found == {"loss": attempt.evaluate(), "made": 5}


def test_without_validation_the_last_quarter_of_training_judges(make_pipeline):
    pipeline = make_pipeline()
    attempt = begin(pipeline, rate=0.02, steps=8)
    losses = [attempt.step() for _ in range(8)]
    found = trained(pipeline, rate=0.02, steps=8, seed=0, validated=False)
    assert found["loss"] == pytest.approx(sum(losses[-2:]) / 2)


def test_a_training_ends_where_its_loss_is_no_number(program_called):
    program = replace(program_called("plain"), step=lambda *_: math.nan)
    assert trained(program, rate=0.1, steps=20, seed=0, validated=True) == {"loss": None, "made": 1}
    assert try_rate(Direct(program), 0.1, steps=20, seed=0, validated=True) == Outcome(loss=math.inf, made=1)


def test_a_validation_loss_that_is_no_number_is_divergence(program_called):
    program = replace(program_called("plain"), validate=lambda *_: (math.nan, 0.0))
    assert try_rate(Direct(program), 0.1, steps=2, seed=0, validated=True).loss == math.inf


def test_the_outset_of_a_pipeline(make_pipeline):
    pipeline = make_pipeline(train={"length": "5ep"})
    seen = see_outset(Direct(pipeline), seed=0)
    assert (seen.rate, seen.total, seen.validated) == (pipeline.recipe.optimizer.learning_rate, 20, True)
    assert seen.start == begin(pipeline).evaluate()


def test_the_outset_without_validation(program_called):
    program = replace(program_called("sparse, answers as mappings"), epochs=2)
    seen = see_outset(Direct(program), seed=0)
    assert not seen.validated
    assert seen.start == begin(program).step()


class Hidden:
    """An optimizer in which no rate can be seen."""

    rate = 0.1


def hidden(**options):
    def make(_seed):
        data = [(torch.zeros(4, 2), torch.zeros(4, 1))] * 3
        return torch.nn.Linear(2, 1), Hidden(), torch.nn.MSELoss(), data, data

    def step(model, optimizer, loss_fn, batch):
        return loss_fn(model(batch[0]), batch[1])

    return Program(make=make, step=step, validate=lambda *_: (1.0, 0.0), epochs=2, **options)


def test_a_program_that_sets_its_rate_itself_begins_somewhere():
    assert outset(hidden(set_rate=lambda own, rate: setattr(own, "rate", rate)), seed=0)["rate"] == 1e-3
    with pytest.raises(UsageError, match="no rate can be seen"):
        outset(hidden(), seed=0)


def test_a_length_that_nobody_knows_is_asked_for(program_called):
    with pytest.raises(UsageError, match="length in steps is not known"):
        see_outset(Direct(program_called("plain")), seed=0)


def test_a_rate_of_nothing_cannot_be_scaled(make_pipeline):
    class Told:
        def call(self, act, **_):
            return Ended(answer={"rate": 0.0, "total": 10, "start": 1.0, "validated": True})

    with pytest.raises(UsageError, match="learning rate of 0"):
        see_outset(Told(), seed=0)


def test_a_start_that_is_no_number_is_an_error(program_called):
    program = replace(program_called("plain"), epochs=2, validate=lambda *_: (math.inf, 0.0))
    with pytest.raises(TrainingError, match="untrained model is inf"):
        see_outset(Direct(program), seed=0)


def test_an_end_without_a_word_is_an_error():
    with pytest.raises(TrainingError, match="killed by SIGKILL"):
        try_rate(Dying(), 0.1, steps=2, seed=0, validated=True)
