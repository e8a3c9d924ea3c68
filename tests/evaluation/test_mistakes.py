from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.evaluation.mistakes import MOST_PAIRS, find_mistakes
from kilter.values.batch import Example
from kilter.values.errors import UsageError
from kilter.values.predictions import Predictions
from kilter.values.task import Form


class Numbers:
    form = Form.ROW

    def name_of(self, encoded):
        return str(encoded)


def predictions(target, decided, cost, *, merit=None, ids=None, answer=None):
    target, decided = np.asarray(target), np.asarray(decided)
    return Predictions(
        ids=tuple(ids or map(str, range(len(target)))),
        target=target,
        answer=decided if answer is None else np.asarray(answer),
        decided=decided,
        cost=np.asarray(cost, np.float64),
        merit=np.zeros(len(target)) if merit is None else np.asarray(merit, np.float64),
        weight=np.ones(len(target)),
    )


def test_the_most_costly_come_first_and_right_ones_never():
    found = find_mistakes(predictions([0, 0, 1, 1], [1, 0, 0, 0], [0.7, 9.0, 0.9, 0.8]), Numbers())
    assert [(m.id, m.cost) for m in found] == [("2", 0.9), ("3", 0.8), ("0", 0.7)]


def test_an_example_has_one_entry_the_most_costly():
    found = find_mistakes(predictions([0, 0, 0], [1, 1, 1], [1.0, 3.0, 2.0], ids=("a", "a", "b")), Numbers())
    assert [(m.id, m.cost) for m in found] == [("a", 3.0), ("b", 2.0)]


def test_without_costs_those_of_least_merit_come_first():
    nan = float("nan")
    found = find_mistakes(predictions([0, 0, 0], [1, 1, 1], [nan] * 3, merit=[0.5, 0.1, 0.3]), Numbers())
    assert [m.id for m in found] == ["1", "2", "0"]


def test_each_confused_pair_keeps_its_most_costly_examples():
    target = [0] * 10 + [1] * 4
    decided = [1] * 10 + [2] * 4
    costs = [*range(20, 10, -1), 4.0, 3.0, 2.0, 1.0]
    found = find_mistakes(predictions(target, decided, costs), Numbers(), most=2, each_pair=3)
    assert [m.cost for m in found] == [20, 19, 18, 4, 3, 2]


def test_amounts_have_no_pairs():
    found = find_mistakes(predictions([0.0] * 50, np.arange(1.0, 51.0), np.arange(50.0)), Numbers(), most=4)
    assert [m.cost for m in found] == [49, 48, 47, 46]
    assert {m.confidence for m in found} == {None}


def test_only_so_many_pairs_are_kept():
    size = 15
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
    target, decided = zip(*pairs, strict=True)
    found = find_mistakes(predictions(target, decided, np.ones(len(pairs))), Numbers(), most=0, each_pair=1)
    assert len(pairs) > MOST_PAIRS == len(found)


def test_the_confidence_is_the_probability_of_what_was_decided():
    found = find_mistakes(predictions([0], [2], [3.0], answer=[[0.05, 0.15, 0.8]]), Numbers())
    assert found[0].confidence == 0.8


def test_sequences_and_several_labels_are_wrong_where_one_place_is():
    sequences = np.empty(2, dtype=object)
    sequences[:] = [(1, 2, 3), (4,)]
    others = np.empty(2, dtype=object)
    others[:] = [np.array([1, 2, 9]), np.array([4])]
    assert [m.id for m in find_mistakes(predictions(sequences, others, [1.0, 1.0]), Numbers())] == ["0"]
    labels = predictions([[0, 1], [1, 1]], [[0, 1], [0, 1]], [1.0, 1.0])
    assert [m.id for m in find_mistakes(labels, Numbers())] == ["1"]


def test_an_example_that_the_source_lacks_is_an_error_in_three_parts(rows):
    with pytest.raises(UsageError, match="'1' was predicted and is not in the source") as caught:
        find_mistakes(predictions([0, 0], [0, 1], [0.1, 1.0]), Numbers(), source=rows({"0": {"text": "a"}}))
    assert caught.value.summary.legal
    assert caught.value.summary.remedy


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 3), st.floats(0, 9), st.integers(0, 12)), min_size=1, max_size=40
    ),
    st.integers(0, 10),
    st.integers(0, 3),
)
def test_twin(drawn, most, each):
    """Against the plain way: sort, drop repeated ids, take the first, count pairs."""
    target, decided, cost, names = zip(*drawn, strict=True)
    found = find_mistakes(predictions(target, decided, cost, ids=map(str, names)), Numbers(), most=most, each_pair=each)
    ordered = sorted((-c, row) for row, (t, d, c, _) in enumerate(drawn) if t != d)
    seen: set[int] = set()
    expected = []
    pairs: Counter[tuple[int, int]] = Counter()
    for _, row in ordered:
        if names[row] in seen:
            continue
        place = len(seen)
        seen.add(names[row])
        pairs[target[row], decided[row]] += 1
        if place < most or pairs[target[row], decided[row]] <= each:
            expected.append((str(names[row]), str(target[row]), str(decided[row]), cost[row]))
    assert [(m.id, m.target, m.decided, m.cost) for m in found] == expected


class Tags:
    form = Form.TOKEN

    def name_of(self, encoded):
        return " ".join(("O", "B-x", "I-x")[number] for number in encoded)


def objects(*rows):
    column = np.empty(len(rows), dtype=object)
    column[:] = [np.array(row) for row in rows]
    return column


def test_of_tags_the_words_that_are_wrong_are_told(rows):
    made = predictions(objects([0, 1, 2], [0, 1]), objects([0, 1, 0], [0, 1]), [1.0, 0.5], ids=["a", "b"])
    source = rows({"a": {"tokens": ("we", "New", "York")}, "b": {"tokens": ("in", "Oslo")}})
    (mistake,) = find_mistakes(made, Tags(), source=source)
    assert (mistake.id, mistake.target, mistake.decided) == ("a", "York I-x", "York O")
    assert find_mistakes(made, Tags())[0].target == "O B-x I-x"  # without the words, all tags


class Next:
    form = Form.NEXT

    def name_of(self, encoded):
        return "".join(("", "a", "b", " ")[number] for number in encoded)


def test_of_a_text_the_tokens_that_surprised_are_told_with_their_nats(rows):
    told = objects([[0.5, 1], [3.0, 1], [2.0, 2], [0.1, 3], [4.0, 1]])
    made = replace(predictions(objects([1, 2, 3, 3, 0]), objects([1, 1, 2, 3, 1]), [1.9], ids=["t"]), answer=told)
    (mistake,) = find_mistakes(made, Next(), source=rows({"t": {"text": "ab  "}}))
    assert mistake.target == "a (0.5 nats), b (3 nats), ' ' (2 nats), (end) (4 nats)"
    assert mistake.decided == "a, a, b, a"
    silent = replace(made, answer=objects([[0.5, -100], [3.0, -100], [2.0, -100], [0.1, -100], [4.0, -100]]))
    assert find_mistakes(silent, Next())[0].decided == ""


class Match:
    form = Form.MATCH

    def name_of(self, encoded):
        return f"row {encoded}"


def test_texts_that_are_matched_are_told_as_they_are(rows):
    class WithTexts(rows):
        def example(self, row):
            return Example(inputs={"q": "?"}, target=("first", "second")[row], id=self.ids[row])

    made = predictions(np.array([0, 1]), np.array([1, 1]), [np.nan, np.nan], ids=["a", "b"])
    (mistake,) = find_mistakes(made, Match(), source=WithTexts({"a": {}, "b": {}}))
    assert (mistake.target, mistake.decided) == ("first", "second")
    assert find_mistakes(made, Match())[0].target == "row 0"


def test_what_is_not_known_of_several_targets_is_no_mistake(naming):
    target = np.array([[1.0, np.nan], [0.0, 1.0], [np.nan, 1.0]])
    decided = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    made = predictions(target, decided, [0.1, 0.2, 0.3], ids=["a", "b", "c"])

    assert [mistake.id for mistake in find_mistakes(made, naming())] == ["c"]
