"""Texts that are far longer than all others."""

from kilter.checks.data.huge_items import HugeItems
from kilter.testing.healthy.datasets import numbers, texts
from kilter.testing.healthy.sequences import tagged, tuples
from kilter.testing.planted.sequences import huge, with_column
from kilter.testing.tables import dataset
from kilter.values.finding import Skipped


def test_the_longest_is_named_with_its_length():
    (finding,) = HugeItems().examine(huge())
    assert finding.where == ("train.csv:19",)
    assert finding.evidence["huge"] == 1
    assert "characters" in finding.seen


def test_words_are_counted_where_they_were_cut_already():
    made = tagged()
    cells = made["train"].columns["words"].tolist()
    cells[3] = cells[3] * 60
    (finding,) = HugeItems().examine(with_column(made, "train", "words", tuples(cells)))
    assert "words, where those have" in finding.seen


def test_few_texts_and_tables_have_none():
    columns, kinds = numbers()
    assert isinstance(next(iter(HugeItems().examine(dataset(columns, kinds)))), Skipped)
    assert list(HugeItems().examine(texts(60))) == []
