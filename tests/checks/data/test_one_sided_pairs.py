"""Pairs of which one side tells."""

from kilter.checks.data.one_sided_pairs import OneSidedPairs
from kilter.testing.healthy.datasets import texts
from kilter.testing.healthy.sequences import compared
from kilter.testing.planted.sequences import one_sided
from kilter.values.finding import Skipped


def test_the_side_that_tells_is_named():
    (finding,) = OneSidedPairs().examine(one_sided())
    assert finding.where == ("two",)
    assert finding.evidence["share right"]["two"] > 0.8


def test_pairs_that_must_be_compared_are_silent():
    assert list(OneSidedPairs().examine(compared())) == []


def test_single_texts_and_few_rows_are_skipped():
    assert isinstance(next(iter(OneSidedPairs().examine(texts()))), Skipped)
    assert isinstance(next(iter(OneSidedPairs().examine(compared(100)))), Skipped)
