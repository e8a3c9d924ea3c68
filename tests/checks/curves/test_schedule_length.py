"""A schedule for a longer run, or a shorter one."""

import math

import pytest

from kilter.checks.curves.schedule_length import ScheduleLength
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import scheduled
from kilter.values.finding import Severity, Skipped


def examined(rate, train=None, **options):
    return list(ScheduleLength().examine(scheduled(rate, train, **options)))


def test_a_rate_that_only_rises():
    (finding,) = examined(lambda at: 1e-4 * at)
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "warmup_longer_than_run"
    assert finding.evidence["last"] == pytest.approx(1e-4)


def test_by_the_epoch_it_is_another_cause():
    (finding,) = examined(lambda at: 1e-5 * math.ceil(10 * at))
    assert finding.causes[0] == "scheduler_per_epoch"


@pytest.mark.parametrize(
    "rate",
    [
        lambda at: min(at / 0.5, 1.0),
        lambda _: 1.0,
        lambda at: 10.0 ** (5 * at),
        lambda at: at % 0.5 + 0.01,
        lambda at: 0.8 + 0.2 * at,
    ],
    ids=["ends", "constant", "search", "cycles", "drift"],
)
def test_other_rises_are_silent(rate):
    assert examined(rate) == []


@pytest.mark.parametrize("rate", [lambda at: 1 - at / 2, lambda at: 0.5 * (1 + math.cos(math.pi * at / 2))])
def test_a_way_down_that_was_to_go_on_is_a_note(rate):
    (finding,) = examined(rate)
    assert finding.severity is Severity.NOTE
    assert finding.evidence["share"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "rate",
    [lambda at: 1 - 0.99 * at, lambda at: math.sqrt(0.1 / max(at, 0.1)), lambda at: 0.5 ** int(2.5 * at)],
    ids=["to its end", "root", "stairs"],
)
def test_other_falls_are_silent(rate):
    assert examined(rate) == []


def test_beyond_its_cosine_the_rate_rises_again():
    def rate(at):
        return 0.5 * (1 + math.cos(2 * math.pi * at))

    (finding,) = examined(rate)
    assert finding.severity is Severity.NOTE
    (finding,) = examined(rate, lambda at: falling(2.3, 0.3, 6)(at) + max(0.0, at - 0.5))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["lowest at"] == pytest.approx(200, abs=1)
    assert examined(lambda at: 0.5 * (1 + math.cos(4 * math.pi * at))) == []  # a plan of cycles


def test_without_rates_it_is_skipped():
    assert isinstance(next(ScheduleLength().examine(recorded(falling(), steps=9, evaluations=0))), Skipped)
