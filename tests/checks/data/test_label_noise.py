"""Labels that contradict what is clear."""

import numpy as np
import pytest

from kilter.checks.data.label_noise import LabelNoise
from kilter.testing.healthy.datasets import amounts, numbers, texts
from kilter.testing.planted.sequences import noisy, with_column
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind


def test_most_suspects_are_rows_whose_label_was_drawn_anew():
    clean, wrong = noisy(0.0)["train"], noisy(0.1)["train"]
    (finding,) = LabelNoise().examine(noisy(0.1))
    truth = dict(zip(clean.columns["text"].tolist(), clean.columns["y"].tolist(), strict=True))
    said = dict(zip(wrong.ids, wrong.columns["text"].tolist(), strict=True))
    suspects = finding.evidence["suspects"]
    right = [truth.get(said[suspect["row"]]) == suspect["expected"] for suspect in suspects]
    assert finding.severity is Severity.NOTE
    assert np.mean(right) > 0.9


@pytest.mark.parametrize("share", [0.0, 0.002])
def test_clean_labels_are_silent(share):
    assert list(LabelNoise().examine(noisy(share))) == []


def test_labels_of_chance_have_no_witness():
    made = noisy(0.0)
    labels = np.random.default_rng(0).permutation(made["train"].columns["y"])
    assert list(LabelNoise().examine(with_column(made, "train", "y", labels))) == []


def test_close_classes_are_no_noise():
    columns, kinds = numbers(3_000)
    assert list(LabelNoise().examine(dataset(columns, kinds))) == []


def test_amounts_and_few_rows_are_skipped():
    columns, kinds = amounts()
    assert isinstance(next(iter(LabelNoise().examine(dataset(columns, kinds, target_kind=Kind.NUMBER)))), Skipped)
    assert isinstance(next(iter(LabelNoise().examine(texts(200)))), Skipped)


def test_rows_without_a_label_are_passed_over():
    made = noisy()
    labels = made["train"].columns["y"].tolist()
    labels[:100] = [None] * 100
    (finding,) = LabelNoise().examine(with_column(made, "train", "y", column(labels)))
    assert not set(finding.where) & set(made["train"].ids[:100])
