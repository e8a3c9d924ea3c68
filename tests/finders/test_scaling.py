import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.finders.ending import Ended
from kilter.finders.scaling import advise_rate, scaled_rate, updating
from kilter.values.batch_suggestion import NoiseScale

BATCHES = st.integers(1, 100_000)


def noise(examples):
    return NoiseScale(examples=examples, low=0.0, high=None, batches=32, after=50)


@pytest.mark.parametrize(("linear", "factor", "source"), [(True, 4.0, "Goyal"), (False, 2.0, "Malladi")])
def test_without_a_noise_scale_it_is_the_rule_of_the_paper(linear, factor, source):
    found = scaled_rate(before=32, after=128, linear=linear)
    assert found.factor == factor
    assert source in found.rule
    assert found.rule.endswith("warm up over the first epochs")
    assert scaled_rate(before=128, after=32, linear=linear).factor == 1 / factor
    assert "warm" not in scaled_rate(before=128, after=32, linear=linear).rule


@given(BATCHES, BATCHES, st.floats(0.01, 1e6), st.booleans())
def test_the_noise_scale_only_ever_makes_the_change_smaller(before, after, scale, linear):
    plain = math.log(scaled_rate(before=before, after=after, linear=linear).factor)
    levelled = math.log(scaled_rate(before=before, after=after, linear=linear, noise=noise(scale)).factor)
    assert abs(levelled) <= abs(plain) + 1e-9
    assert levelled * plain >= -1e-9


def test_far_below_the_noise_scale_it_is_the_rule_and_far_beyond_it_nothing_changes():
    assert scaled_rate(before=8, after=16, linear=True, noise=noise(1e6)).factor == pytest.approx(2, rel=1e-4)
    beyond = scaled_rate(before=10_000, after=80_000, linear=True, noise=noise(100.0))
    assert beyond.factor == pytest.approx(1, abs=0.01)
    assert "levelling off at the noise scale of 100" in beyond.rule


def test_there_and_back_is_no_change():
    there = scaled_rate(before=64, after=512, linear=False, noise=noise(300.0)).factor
    back = scaled_rate(before=512, after=64, linear=False, noise=noise(300.0)).factor
    assert there * back == pytest.approx(1)


def test_a_scale_that_was_not_told_levels_nothing():
    assert scaled_rate(before=64, after=256, linear=True, noise=noise(None)).factor == 4


def test_an_optimizer_that_nobody_knows_gets_the_smaller_change():
    found = scaled_rate(before=64, after=256, linear=None)
    assert found.factor == 2
    assert "cannot be told" in found.rule


def test_examples_and_optimizer_are_read_from_the_training(make_pipeline, program_called):
    pipeline = make_pipeline(batch={"size": 16, "accumulate": 2}, optimizer="sgd")
    assert updating(pipeline, seed=0) == {"examples": 32, "linear": True}
    assert updating(program_called("plain"), seed=0) == {"examples": 8, "linear": False}
    assert updating(program_called("closure"), seed=0) == {"examples": 8, "linear": None}


def test_a_program_without_optimizers_of_torch_has_nothing_to_read(program_called):
    program = program_called("plain")
    made = program.make(0)
    assert updating(replace(program, make=lambda _: (made[0], torch.nn.ReLU(), *made[2:])), seed=0) is None


class Here:
    """A nursery whose child is this process."""

    def __init__(self, answer):
        self.answer = answer

    def call(self, act, *, doing, **arguments):
        assert act is updating
        return Ended(answer=self.answer)


@pytest.mark.parametrize("answer", [None, {"examples": 64, "linear": True}])
def test_what_stays_needs_no_advice(answer):
    assert advise_rate(Here(answer), effective=64) is None


def test_advice_is_for_the_examples_that_are_wanted():
    found = advise_rate(Here({"examples": 64, "linear": True}), effective=640, noise=noise(None))
    assert found.factor == 10
