import numpy as np
import pytest

from kilter.values.batch import Example
from kilter.values.predictions import Predictions
from kilter.values.task import Form
from kilter.values.words import LONGEST, confidence, in_words, shortened, told


class Letters:
    form = Form.ROW

    def name_of(self, encoded):
        return "abc"[int(encoded)]


class Texts:
    form = Form.MATCH

    def name_of(self, encoded):
        return f"the text of row {int(encoded) + 1}"


class Rows:
    def example(self, row):
        return Example(inputs={"left": f"left {row}"}, target=f"right {row}", id=str(row))


def predictions(answer, decided):
    rows = len(decided)
    return Predictions(
        ids=tuple(map(str, range(rows))),
        target=np.zeros(rows, np.int64),
        answer=np.asarray(answer),
        decided=np.asarray(decided),
        cost=np.zeros(rows),
        merit=np.zeros(rows),
        weight=np.ones(rows),
    )


def test_inputs_are_put_into_words_and_shortened():
    assert (
        in_words({"age": 31.5, "n": 3, "job": None, "gap": float("nan")})
        == "age: 31.5, n: 3, job: missing, gap: missing"
    )
    assert in_words({"image": np.full((28, 28), 3, np.uint8)}) == "28 × 28 uint8, mean 3"
    assert in_words({"tokens": ("a", "b")}) == "a b"
    assert in_words({"text": "one\ntwo\tthree"}) == "one two three"
    long = in_words({"text": "word " * 10_000})
    assert len(long) <= LONGEST
    assert long.endswith("…")
    assert len(in_words({"numbers": np.arange(1e6)})) <= LONGEST


def test_a_text_that_fits_is_not_cut():
    assert shortened("x" * LONGEST) == "x" * LONGEST
    assert shortened("x" * LONGEST + "y") == "x" * (LONGEST - 1) + "…"
    assert shortened("one" + " " * 100_000) == "one…"  # what was never read may hold more


def test_targets_and_decisions_go_by_their_names():
    assert told(predictions([[0.2, 0.8]], [1]), Letters(), 0, None) == ("a", "b")


def test_a_matched_text_is_told_itself_where_it_stands_somewhere():
    assert told(predictions([[0.2, 0.8]], [1]), Texts(), 0, Rows()) == ("right 0", "right 1")
    assert told(predictions([[0.2, 0.8]], [1]), Texts(), 0, None) == ("the text of row 1", "the text of row 2")


@pytest.mark.parametrize(
    ("answer", "decided", "sure"),
    [([[0.2, 0.8]], [1], 0.8), ([0.3], [1], None), ([[0.3, 0.4]], [1.5], None), ([[0.2, 0.8]], [[1, 0]], None)],
    ids=["classes", "one number", "amounts", "several labels"],
)
def test_only_classes_with_probabilities_have_a_confidence(answer, decided, sure):
    assert confidence(predictions(answer, decided), 0) == sure
