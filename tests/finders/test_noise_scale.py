"""The noise scale against worlds in which it is known, and against its plain definition."""

import math

import pytest
import torch

from kilter.engine.attempt import begin
from kilter.finders import noise_scale as file
from kilter.finders.ending import Ended
from kilter.finders.noise_scale import GRADIENTS, measure_noise, measured, noise_scale
from kilter.values.batch_suggestion import Budget, Counted, NoiseScale
from kilter.values.errors import TrainingError, UsageError
from kilter.values.program import Program


def world(scale, *, examples=16, count=32, places=200, seed=0):
    """Gradients of batches whose expectation has length 1 and whose noise has the variance that makes the scale."""
    draw = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, places, generator=draw) * math.sqrt(scale / places / examples)
    return torch.full((places,), places**-0.5) + noise


def told(gradients, **options):
    return noise_scale(lambda place: gradients[place], count=len(gradients), **{"examples": 16, "after": 0} | options)


def test_it_is_that_of_small_and_large_batches():
    """McCandlish et al. 2018, A.1, with batches of 16 and one of all 512."""
    gradients = world(300.0)
    small, large = 16, 16 * 32
    mean_small = gradients.double().square().sum(1).mean().item()
    one_large = gradients.double().mean(0).square().sum().item()
    length = (large * one_large - small * mean_small) / (large - small)
    variance = (mean_small - one_large) / (1 / small - 1 / large)
    assert told(gradients).examples == pytest.approx(variance / length, rel=1e-4)


@pytest.mark.parametrize(("scale", "count"), [(50.0, 32), (500.0, 32), (3000.0, 32), (50.0, 8)])
def test_its_interval_holds_the_truth_as_often_as_it_says(scale, count):
    found = [told(world(scale, count=count, seed=seed)) for seed in range(200)]
    hits = [one.low <= scale and (one.high is None or scale <= one.high) for one in found]
    assert sum(hits) / 200 >= 0.92
    middle = sorted(math.inf if one.examples is None else one.examples for one in found)[100]
    assert middle == pytest.approx(scale, rel=0.15)


def test_the_jackknife_is_that_of_leaving_each_out():
    gradients = world(100.0, count=9)
    whole = 16 / told(gradients).examples
    others = torch.tensor([16 / told(torch.cat([gradients[:k], gradients[k + 1 :]])).examples for k in range(9)])
    error = math.sqrt(8 / 9 * float((others - others.mean()).square().sum()))
    found = told(gradients)
    assert found.low == pytest.approx(16 / (whole + 2.306 * error), rel=1e-3)  # Student's t with 8 degrees of freedom
    assert found.high == pytest.approx(16 / (whole - 2.306 * error), rel=1e-3)


def test_a_gradient_that_drowns_in_noise_has_no_upper_end():
    found = told(world(1e6, seed=1))
    assert found.high is None
    assert found.low > 300


def test_gradients_without_noise_have_a_scale_of_nothing():
    assert told(torch.ones(10, 5)) == NoiseScale(examples=0.0, low=0.0, high=0.0, batches=10, after=0)


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_what_is_not_finite_tells_nothing(broken):
    gradients = world(100.0)
    gradients[3, 4] = broken
    assert told(gradients) is None


def test_a_wider_confidence_has_a_wider_interval():
    wide, narrow = (told(world(100.0), confidence=confidence) for confidence in (0.99, 0.8))
    assert wide.low < narrow.low < narrow.examples < narrow.high < wide.high


def test_it_is_that_of_the_training(make_pipeline):
    """Against the covariance of the gradients of single examples, at the same weights."""
    pipeline = make_pipeline(train={"length": "100ep"})
    found = NoiseScale(**measured(pipeline, batch=None, seed=0))
    attempt = begin(pipeline)
    for _ in range(found.after):
        attempt.step()
    train = pipeline.splits["train"]
    single = torch.stack([attempt.gradient(train.plain([row])) for row in range(64)]).double()
    mean = single.mean(0)
    truth = (single.square().sum(1).mean() - mean.square().sum()) / mean.square().sum()
    assert (found.after, found.batches) == (20, 16)
    assert found.low <= truth.item() <= (found.high or math.inf)


def test_a_long_training_is_measured_after_some_steps_and_a_short_one_sooner(make_pipeline):
    assert measured(make_pipeline(train={"length": "2000st"}), batch=None, seed=0)["after"] == 50
    assert measured(make_pipeline(train={"length": "1ep"}), batch=None, seed=0)["after"] == 0


def test_too_few_examples_tell_nothing(make_pipeline):
    assert measured(make_pipeline(size=64), batch=None, seed=0) is not None
    whole = [(torch.zeros(8, 4), torch.zeros(8, dtype=torch.long), torch.tensor(0.5))] * 2
    model = torch.nn.Linear(4, 3)
    program = Program(
        make=lambda _: (model, torch.optim.SGD(model.parameters(), 0.1), torch.nn.CrossEntropyLoss(), whole, None),
        step=lambda *_: None,
    )
    assert measured(program, batch=None, seed=0) is None


def test_gradients_that_do_not_fit_into_memory_are_computed_again(make_pipeline, monkeypatch):
    pipeline = make_pipeline(dropout=0.5)
    kept = measured(pipeline, batch=None, seed=0)
    monkeypatch.setattr(file, "KEPT", 300)
    assert measured(pipeline, batch=None, seed=0) == pytest.approx(kept, rel=1e-5)


def test_large_batches_are_fewer(make_pipeline, monkeypatch):
    """Of 16 batches of 4, ten have 40 examples; and never fewer than a quarter of the usual."""
    monkeypatch.setattr(file, "EXAMPLES", 40)
    assert measured(make_pipeline(), batch=None, seed=0)["batches"] == 10
    monkeypatch.setattr(file, "EXAMPLES", 4)
    assert measured(make_pipeline(), batch=None, seed=0)["batches"] == GRADIENTS // 4


def test_a_batch_that_does_not_fit_is_made_smaller(program_called):
    assert measured(program_called("plain"), batch=4, seed=0)["batches"] == 12


class Child:
    def __init__(self, ended):
        self.ended = ended

    def beyond(self, counts):
        return 100

    def call(self, act, *, doing, limit, counts, **arguments):
        assert (act, limit, counts, arguments) == (measured, 900, Counted.RESIDENT, {"batch": 8, "seed": 3})
        if isinstance(self.ended, Exception):
            raise self.ended
        return self.ended


BUDGET = Budget(bytes=1000, counts=Counted.RESIDENT, source="a test", kept_back=0.0)
FIELDS = {"examples": 70.0, "low": 50.0, "high": None, "batches": 32, "after": 50}


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Ended(answer=FIELDS), NoiseScale(**FIELDS)),
        (Ended(answer=None), None),
        (Ended(ran_out="killed by SIGKILL"), None),
        (UsageError("no backward"), None),
        (TrainingError("a shape"), None),
    ],
)
def test_it_is_measured_in_a_child_and_may_fail_there(ended, expected):
    assert measure_noise(Child(ended), BUDGET, batch=8, seed=3) == expected
