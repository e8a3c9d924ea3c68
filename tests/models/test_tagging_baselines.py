import numpy as np
import pytest

from kilter.models.lesson import Lesson
from kilter.models.tagging_baselines import MostFrequentTag, WindowTagger, shape
from kilter.values.errors import UsageError
from kilter.values.table import Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="tokens", kind=Kind.TOKENS),), target="tags", target_kind=Kind.TOKENS)


def table_of(*sentences):
    column = np.empty(len(sentences), dtype=object)
    for row, words in enumerate(sentences):
        column[row] = None if words is None else tuple(words.split())
    return Table(columns={"tokens": column}, ids=tuple(f"t:{row}" for row in range(len(sentences))))


def targets_of(*rows):
    column = np.empty(len(rows), dtype=object)
    for row, tags in enumerate(rows):
        column[row] = np.array(tags, dtype=np.int64)
    return column


def test_words_have_the_shares_of_their_tags_and_new_ones_are_outside():
    baseline = MostFrequentTag(SCHEMA, 3, 0)
    baseline.fit(Lesson(table_of("Ada said", "said Ada Ada"), targets_of([1, 0], [0, 1, 2])))
    answers = baseline.answer(table_of("Ada who", None, "said"))

    np.testing.assert_allclose(answers[0], [[0, 2 / 3, 1 / 3], [1, 0, 0]])
    assert [len(answer) for answer in answers] == [2, 0, 1]


NAMES = ("Ada", "Bob", "Cyn", "Dov", "Eli", "Fay", "Gus", "Hal")


def taught(**options):
    """Names are what stands behind `called`; the same words elsewhere are not."""
    baseline = WindowTagger(SCHEMA, 3, 0)
    rows = [f"{name} was called {other} Xu today" for name in NAMES for other in NAMES]
    baseline.fit(Lesson(table_of(*rows), targets_of(*[[0, 0, 0, 1, 2, 0]] * len(rows))))
    return baseline


def test_a_window_tells_names_by_the_words_beside_them():
    answers = taught().answer(table_of("Zoe was called Kim Xu today", "called Moe Xu", None))

    assert [answer.argmax(axis=1).tolist() for answer in answers] == [[0, 0, 0, 1, 2, 0], [0, 1, 2], []]
    np.testing.assert_allclose(answers[0].sum(axis=1), 1)


def test_no_rows_have_no_answers():
    assert taught().answer(table_of()) == []


def test_rows_that_count_nothing_teach_nothing():
    schema = Schema(inputs=SCHEMA.inputs, target="tags", target_kind=Kind.TOKENS, weight="w")
    rows = table_of(*["go to Rome"] * 10, *["go to Rome"] * 10)
    weighed = Table(columns={**rows.columns, "w": np.repeat([1.0, 0.0], 10)}, ids=rows.ids)
    baseline = WindowTagger(schema, 3, 0)
    baseline.fit(Lesson(weighed, targets_of(*[[0, 0, 1]] * 10, *[[1, 1, 0]] * 10)))

    assert baseline.answer(table_of("go to Rome"))[0].argmax(axis=1).tolist() == [0, 0, 1]


def test_it_must_be_fitted_and_needs_one_column_of_words():
    with pytest.raises(UsageError, match="not fitted"):
        WindowTagger(SCHEMA, 3, 0).answer(table_of("Ada"))
    with pytest.raises(UsageError, match="0 columns of words"):
        WindowTagger(Schema(inputs=(), target="y", target_kind=Kind.TOKENS), 3, 0)


def test_forms_of_words():
    assert [shape(word) for word in ("", "USA", "Rome", "12:45", "x-Ray")] == ["", "XX", "Xxx", "00:00", "x-Xxx"]
