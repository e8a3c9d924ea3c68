"""Splits whose texts use other words."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from kilter.checks.data.text_shift import TextShift, _area
from kilter.testing.healthy.datasets import numbers, texts
from kilter.testing.planted.sequences import shifted, with_column
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped


def test_other_words_are_told_with_their_share():
    (finding,) = TextShift().examine(shifted())
    assert finding.severity is Severity.WARNING
    assert finding.seen.startswith("100 % of the words of a row of test do not occur in train")
    assert finding.evidence["new words in a random split"] < 0.01


def test_words_in_other_proportions_are_a_note_that_names_them():
    made, draw = texts(3_000), np.random.default_rng(0)
    said = [f"{text} granite" if draw.random() < 0.5 else text for text in made["test"].columns["text"].tolist()]
    (finding,) = TextShift(note_area=0.55).examine(with_column(made, "test", "text", column(said)))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["words of the split"][0] == "granite"


def test_random_splits_are_silent():
    assert list(TextShift().examine(texts(2_000))) == []


def test_tables_and_small_splits_are_skipped():
    columns, kinds = numbers()
    assert isinstance(next(iter(TextShift().examine(dataset(columns, kinds)))), Skipped)
    assert isinstance(next(iter(TextShift().examine(texts(60)))), Skipped)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_that_of_scikit_learn(seed):
    draw = np.random.default_rng(seed)
    scores, positive = draw.integers(0, 20, 200) * 1.0, draw.random(200) < 0.3
    assert _area(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
