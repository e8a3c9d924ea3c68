"""Rows that stand in two splits."""

import numpy as np
import pytest

from kilter.checks.data.overlap import SplitOverlap
from kilter.data.reading import read_table
from kilter.testing.tables import column
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Dataset, Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="y", target_kind=Kind.CATEGORY)


def splits(**said):
    tables = {
        split: Table(
            columns={"text": column(texts), "y": column(["a"] * len(texts))},
            ids=tuple(f"{split}:{at}" for at in range(len(texts))),
        )
        for split, texts in said.items()
    }
    return Dataset(splits=tables, schema=SCHEMA)


def test_shared_rows_are_counted_and_paired_with_their_twins():
    made = splits(
        train=["what is an atom", "who was she then", "how far is it"],
        valid=["where is the moon"],
        test=["How FAR is it", "what is an atom", "why is that so"],
    )
    (finding,) = SplitOverlap().examine(made)
    assert finding.severity is Severity.FAILURE
    (milder,) = SplitOverlap(fail_share=0.9).examine(made)
    assert milder.severity is Severity.WARNING
    assert finding.seen.startswith("2 held-out rows also stand in train: 2 of 3 in test (67 %); 1 of them up to case")
    assert finding.evidence["test"]["pairs"] == [("test:0", "train:2"), ("test:1", "train:0")]


def test_test_rows_in_the_validation_split_are_counted_apart():
    made = splits(
        train=["what is an atom", "who was she then"],
        valid=["where is the moon"],
        test=["Where is the MOON", "what is an atom", "why is that so"],
    )
    (finding,) = SplitOverlap().examine(made)
    assert "1 of 3 in test (33 %); 1 more of test in valid" in finding.seen


def test_one_in_a_thousand_is_a_note():
    train = [f"this is text {at}" for at in range(1000)]
    (finding,) = SplitOverlap().examine(
        splits(train=train, test=[*(f"that is text {at}" for at in range(999)), train[0]])
    )
    assert finding.severity is Severity.NOTE


def test_a_word_that_everybody_says_is_a_note():
    (finding,) = SplitOverlap().examine(splits(train=["yes", "no"], test=["yes", "thanks"]))
    assert finding.severity is Severity.NOTE


def test_one_split_alone_is_skipped():
    (said,) = SplitOverlap().examine(splits(train=["a b c"]))
    assert isinstance(said, Skipped)


@pytest.mark.parametrize("seed", range(3))
def test_the_count_is_that_of_a_plain_comparison(seed):
    draw = np.random.default_rng(seed)
    rows = {split: [f"w{a} w{b} w{c}" for a, b, c in draw.integers(0, 4, (40, 3))] for split in ("train", "test")}
    (finding,) = SplitOverlap().examine(splits(**rows))
    assert finding.evidence["test"]["shared"] == sum(text in set(rows["train"]) for text in rows["test"])


@pytest.mark.parametrize(
    ("name", "ending", "target", "exact"), [("trec6", "jsonl", "label", 9), ("mammography", "csv", "y", 684)]
)
def test_known_leaks_of_published_splits_are_found(shared, name, ending, target, exact):
    tables = {split: read_table(shared / "data" / name / f"{split}.{ending}") for split in ("train", "test")}
    kinds = {"text": Kind.TEXT} if name == "trec6" else {f"f{at}": Kind.NUMBER for at in range(6)}
    inputs = tuple(Field(name=column_name, kind=kind) for column_name, kind in kinds.items())
    made = Dataset(splits=tables, schema=Schema(inputs=inputs, target=target, target_kind=Kind.CATEGORY))
    (finding,) = SplitOverlap().examine(made)
    assert finding.severity is Severity.WARNING
    assert finding.evidence["test"]["shared exactly"] == exact
