"""Rows that are nearly the same."""

import numpy as np

from kilter.checks.data.near_duplicates import NearDuplicates
from kilter.testing.healthy.datasets import amounts, texts
from kilter.testing.healthy.sequences import compared, stream
from kilter.testing.planted.sequences import appended, near_copies, with_column
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Kind, Table


def test_twins_are_counted_and_named_on_both_sides():
    (finding,) = NearDuplicates().examine(near_copies())
    assert finding.severity is Severity.WARNING
    near = finding.evidence["test"]["with a twin in train"]
    assert 35 <= near <= 40  # a word of a short sentence is more than a fifth of it
    assert finding.evidence["test"]["with its target"] == near
    assert finding.evidence["test"]["pairs"][0] == ("more/train.csv:2", "train.csv:2")
    assert f"{near} of 220 in test" in finding.seen


def test_equal_rows_are_left_to_others():
    made = texts()
    assert list(NearDuplicates().examine(appended(made, "test", made["train"].take(range(30))))) == []


def test_twins_with_targets_of_chance_are_a_note():
    made = near_copies()
    labels = column(np.random.default_rng(0).choice(["calm", "loud", "quick"], len(made["test"])).tolist())
    (finding,) = NearDuplicates().examine(with_column(made, "test", "y", labels))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["pairs with different targets"] > 10


def test_each_text_of_a_pair_must_be_alike():
    made = compared()
    rows = made["train"].take(range(30))
    other = column([f"{text} indeed" for text in rows.columns["one"].tolist()])
    near = Table(columns={**rows.columns, "one": other}, ids=rows.ids)
    away = Table(columns={**near.columns, "two": rows.columns["two"][::-1].copy()}, ids=rows.ids)
    (finding,) = NearDuplicates().examine(appended(made, "test", near))
    assert finding.evidence["test"]["with a twin in train"] >= 25
    assert not any("test" in finding.evidence for finding in NearDuplicates().examine(appended(made, "test", away)))


def test_tables_without_amounts_are_skipped():
    columns = {"c": column(["a", "b"] * 30), "y": column(["p", "q"] * 30)}
    (said,) = NearDuplicates().examine(dataset(columns, {"c": Kind.CATEGORY}))
    assert isinstance(said, Skipped)


def test_rounded_rows_that_chance_makes_are_passed_over():
    made, kinds = amounts(600)
    coarse = {name: np.round(cells, 1) if name in kinds else cells for name, cells in made.items()}
    assert list(NearDuplicates(rounded=2.0).examine(dataset(coarse, kinds, target_kind=Kind.NUMBER))) == []


def test_passages_of_a_stream_are_counted():
    made = stream()
    assert list(NearDuplicates().examine(made)) == []
    copied = with_column(made, "valid", "text", made["train"].columns["text"][: len(made["valid"])])
    (finding,) = NearDuplicates().examine(copied)
    assert finding.evidence["in train"] > 100


def test_rows_without_inputs_and_too_many_are_skipped():
    empty = dataset({"text": column(["", " "]), "y": column(["a", "b"])}, {"text": Kind.TEXT}, shares={"train": 1.0})
    assert isinstance(next(iter(NearDuplicates().examine(empty))), Skipped)
    assert isinstance(next(iter(NearDuplicates(most_texts=10).examine(texts()))), Skipped)
