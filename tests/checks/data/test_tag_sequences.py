"""Tags that cannot be right."""

import pytest

from kilter.checks.data.tag_sequences import TagSequences
from kilter.metrics.tags import Scheme
from kilter.testing.conformance import conforms
from kilter.testing.healthy.tagging import HEALTHY_TAGGING, sequences, tagged
from kilter.testing.planted.tagging import PLANTED_TAGGING
from kilter.testing.tables import column, dataset
from kilter.values.finding import Severity, Skipped
from kilter.values.table import Dataset, Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="tokens", kind=Kind.TOKENS),), target="tags", target_kind=Kind.TOKENS)


def made(*splits):
    """Splits of tags, each with as many tokens."""
    tables = {}
    for split, rows in zip(("train", "test"), splits, strict=False):
        tokens = [None if tags is None else [f"w{at}" for at in range(len(tags))] for tags in rows]
        columns = {"tokens": sequences(tokens), "tags": sequences(rows)}
        tables[split] = Table(columns=columns, ids=tuple(f"{split}.conll:{row}" for row in range(len(rows))))
    return Dataset(splits=tables, schema=SCHEMA)


def found(*splits):
    return list(TagSequences().examine(made(*splits)))


def test_it_conforms():
    conforms(TagSequences(), HEALTHY_TAGGING, PLANTED_TAGGING)


def test_a_broken_tag_is_named_with_its_row_and_what_stands_before():
    (finding,) = found([["O", "B-x"], ["B-x", "I-x"], ["O", "I-x"], ["I-x"]])

    assert finding.severity is Severity.WARNING
    assert "2 tags in 2 rows of train (50 %) break IOB2" in finding.seen
    assert "train.conll:2 has 'I-x' after 'O', train.conll:3 has 'I-x' at its beginning" in finding.seen
    assert finding.where == ("train.conll:2", "train.conll:3")


def test_many_places_are_counted():
    (finding,) = found([["B-x", "O", "I-x"]] * 9 + [["B-x", "B-x"]])
    assert "and 4 more" in finding.seen


def test_unequal_lengths_are_counted_by_split():
    whole = made([["O", "B-x"]] * 3, [["O", "B-x"]] * 2)
    test = whole["test"]
    shorter = Table(columns={**test.columns, "tokens": sequences([["a"], None])}, ids=test.ids)
    (finding,) = TagSequences().examine(Dataset(splits={**whole.splits, "test": shorter}, schema=SCHEMA))

    assert finding.severity is Severity.FAILURE
    assert "test.conll:0 (1 tokens, 2 tags), test.conll:1 (0 tokens, 2 tags)" in finding.seen
    assert finding.evidence["rows"] == {"test": 2}


def test_iob1_is_a_scheme_like_any_other():
    rows = [["I-x", "B-x", "O", "I-x"]]
    assert found(rows, rows) == []
    (finding,) = found(rows, [["B-x", "O"]])
    assert "The tags of test are IOB2, and those of training are IOB1" in finding.seen


def test_types_that_training_never_shows_are_counted():
    (finding,) = found([["B-x"]], [["B-y", "I-y", "B-y"], ["B-x"]])

    assert "2 spans of test are of 1 type that training never shows: 'y'" in finding.seen
    assert finding.where == ("test.conll:0",)


def test_rows_without_tags_are_passed_over():
    assert found([["B-x", "O"], None, []]) == []


@pytest.mark.parametrize("scheme", Scheme)
def test_other_targets_are_skipped(scheme):
    labels = dataset({"x": column(["a", "b"]), "y": column(["c", "d"])}, {"x": Kind.TEXT}, shares={"train": 1.0})
    assert isinstance(next(TagSequences().examine(labels)), Skipped)
    assert isinstance(next(TagSequences().examine(made([None, None]))), Skipped)
    assert list(TagSequences().examine(tagged(40, scheme=scheme))) == []
