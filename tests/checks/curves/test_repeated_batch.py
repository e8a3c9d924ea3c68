"""Batches that come again and again."""

import pytest

from kilter.checks.curves.repeated_batch import RepeatedBatch
from kilter.testing.healthy.histories import series
from kilter.values.curve_names import BATCH
from kilter.values.finding import Severity, Skipped


def seen(prints):
    """A history of fingerprints."""
    return series([float(each) for each in prints], name=BATCH)


def test_a_loader_that_is_stuck_is_told_with_its_steps():
    (finding,) = RepeatedBatch().examine(seen([*range(40), *[7.5] * 10]))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["times"] == 10
    assert finding.evidence["first"] == 41
    assert finding.evidence["batch"] == 50


def test_one_that_comes_between_others_is_told_too():
    prints = [7.5 if at % 4 == 0 else at for at in range(60)]
    assert next(RepeatedBatch().examine(seen(prints))).evidence["times"] == 15


@pytest.mark.parametrize(
    "prints",
    [
        range(100),
        [at % 9 for at in range(100)],  # the same order in each epoch
        [at // 10 for at in range(100)],  # ten steps on each batch
        [at % 2 for at in range(100)],
        [*range(40), *[7.5] * 7],  # not often enough
        [*[1] * 30, *[2] * 30],
    ],
)
def test_what_comes_as_often_as_others_is_silent(prints):
    assert list(RepeatedBatch().examine(seen(prints))) == []


def test_one_batch_alone_is_noted_once_it_was_seen_often():
    (finding,) = RepeatedBatch().examine(seen([3] * 20))
    assert finding.severity is Severity.NOTE
    assert list(RepeatedBatch().examine(seen([3] * 19))) == []


def test_without_fingerprints_it_is_skipped():
    assert isinstance(next(RepeatedBatch().examine(seen(range(5)))), Skipped)
