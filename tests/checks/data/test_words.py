"""Words as checks count them."""

import pytest

from kilter.checks.data.words import incidence, word_sets, words_of
from kilter.testing.healthy.sequences import tuples
from kilter.testing.tables import column, dataset
from kilter.values.table import Kind


@pytest.mark.parametrize(
    ("cell", "words"), [("It's", ["it", "'", "s"]), (("New", "York"), ["new", "york"]), (None, []), (3.5, [])]
)
def test_words(cell, words):
    assert words_of(cell) == words


def test_all_texts_of_a_row_count_and_say_where_they_stand():
    columns = {"a": column(["red sky", "sea"]), "b": tuples([("Red",), ("salt",)]), "y": column(["p", "q"])}
    made = dataset(columns, {"a": Kind.TEXT, "b": Kind.TOKENS}, shares={"train": 1.0}, shuffled=False)
    rows = word_sets(made["train"], made.schema)
    assert rows == [{"red", "sky"}, {"sea", "salt"}]
    assert incidence(rows, {"red": 0, "salt": 1}).toarray().tolist() == [[1, 0], [0, 1]]
