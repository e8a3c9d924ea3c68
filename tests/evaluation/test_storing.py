from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kilter.evaluation.storing import read_predictions, write_predictions
from kilter.values.errors import DataError
from kilter.values.predictions import Predictions

FREE = ("target", "answer", "decided")
COLUMNS = (*FREE, "cost", "merit", "weight")


def predictions(**columns):
    rows = len(columns["target"])
    plain = {"decided": columns["target"], "answer": columns["target"]}
    plain |= {"cost": np.zeros(rows), "merit": np.zeros(rows), "weight": np.ones(rows)}
    return Predictions(**({"ids": tuple(f"é.csv:{row}" for row in range(rows))} | plain | columns))


def assert_same(made, read):
    assert read.ids == made.ids
    for name in COLUMNS:
        one, other = getattr(made, name), getattr(read, name)
        assert (other.dtype, other.shape) == (one.dtype, one.shape), name
        if one.dtype == object:
            assert repr([tuple(cell) for cell in other]) == repr([tuple(cell) for cell in one]), name
        else:
            assert other.tobytes() == one.tobytes() or np.array_equal(one, other, equal_nan=True), name


def there_and_back(path, made):
    write_predictions(path, made, str)
    return read_predictions(path)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 6), st.integers(1, 4), st.sampled_from([np.float64, np.float32]), st.data())
def test_floats_come_back_to_the_bit(tmp_path_factory, rows, classes, kind, data):
    width = np.dtype(kind).itemsize * 8
    numbers = st.floats(width=width, allow_nan=False)
    made = predictions(
        target=data.draw(arrays(np.int64, rows)),
        answer=data.draw(arrays(kind, (rows, classes), elements=numbers)),
        cost=data.draw(arrays(np.float64, rows, elements=st.floats(allow_nan=False))),
    )
    read = there_and_back(tmp_path_factory.mktemp("predictions") / "p.jsonl", made)
    assert_same(made, read)
    assert read.answer.tobytes() == made.answer.tobytes()
    assert read.cost.tobytes() == made.cost.tobytes()


def test_numbers_that_json_cannot_say(tmp_path):
    odd = np.array([math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1])
    made = predictions(target=np.arange(6), cost=odd, answer=np.stack([odd, odd], axis=1).astype(np.float32))
    read = there_and_back(tmp_path / "p.jsonl", made)
    assert_same(made, read)
    assert math.copysign(1, read.cost[3]) == -1
    for line in (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_sequences_keep_their_lengths_and_words(tmp_path):
    def column(*cells):
        made = np.empty(len(cells), dtype=object)
        for row, cell in enumerate(cells):
            made[row] = cell
        return made

    made = predictions(
        target=column((1, 2), (3, 4)),  # equally long, and still sequences
        answer=column((0.5, math.nan), (math.inf,)),
        decided=column(("nan", "inf"), ()),
    )
    assert_same(made, there_and_back(tmp_path / "p.jsonl", made))


def test_sequences_that_are_arrays_come_back_as_arrays_of_their_type(tmp_path):
    target, answer = np.empty(3, dtype=object), np.empty(3, dtype=object)
    target[:] = [np.array([1, 2]), np.array([3]), np.zeros(0, np.int64)]
    answer[:] = [np.array([[0.1, 0.9], [1.0, math.nan]]), np.array([[0.5, math.inf]]), np.zeros((0, 2))]
    made = predictions(target=target, answer=answer)
    read = there_and_back(tmp_path / "p.jsonl", made)
    for name in ("target", "answer", "decided"):
        for one, other in zip(getattr(made, name), getattr(read, name), strict=True):
            assert other.dtype == one.dtype
            assert other.shape == one.shape
            np.testing.assert_array_equal(one, other)


def test_sequences_of_several_types_come_back_as_tuples(tmp_path):
    target = np.empty(2, dtype=object)
    target[:] = [np.array([1, 2]), np.array([0.5])]
    assert there_and_back(tmp_path / "p.jsonl", predictions(target=target)).target.tolist() == [(1, 2), (0.5,)]


def test_several_amounts_come_back_with_what_is_missing(tmp_path):
    made = predictions(target=np.array([[1.0, math.nan], [math.nan, -2.5]]))
    assert_same(made, there_and_back(tmp_path / "p.jsonl", made))


def test_matrices_keep_their_shape_without_rows(tmp_path):
    made = predictions(target=np.empty(0, np.int64), answer=np.empty((0, 7), np.float32))
    assert_same(made, there_and_back(tmp_path / "p.jsonl", made))


def test_a_row_can_be_read_by_hand(tmp_path):
    made = predictions(target=np.array([1, 0]), decided=np.array([0, 0]), answer=np.array([[0.7, 0.3], [0.9, 0.1]]))
    write_predictions(tmp_path / "p.jsonl", made, lambda encoded: ("cs", "de")[encoded])
    header, first, _ = map(json.loads, (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines())
    assert header == {
        "kilter": "predictions 1",
        "rows": 2,
        "target": "int64",
        "answer": "float64",
        "decided": "int64",
        "shapes": {"answer": [2]},
    }
    assert first == {
        "id": "é.csv:0",
        "target": 1,
        "target_name": "de",
        "decided": 0,
        "decided_name": "cs",
        "cost": 0.0,
        "merit": 0.0,
        "weight": 1.0,
        "answer": [0.7, 0.3],
    }
    assert [path.name for path in tmp_path.iterdir()] == ["p.jsonl"]


def test_a_failed_write_leaves_what_was_there(tmp_path):
    path = tmp_path / "p.jsonl"
    write_predictions(path, predictions(target=np.arange(3)), str)
    before = path.read_bytes()

    def fail(_encoded):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_predictions(path, predictions(target=np.arange(9)), fail)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its first line does not say that it holds predictions"),
        ('{"step": 1}\n', "its first line does not say that it holds predictions"),
        ("not JSON\n", "JSONDecodeError"),
        ('{"kilter": "predictions 1", "rows": 2}\n', "it tells of 2 rows and holds 0"),
        ('{"kilter": "predictions 1", "rows": 1}\n{"id": "a"}\n', "KeyError"),
        ("\x00\ufffd", "JSONDecodeError"),
    ],
)
def test_what_cannot_be_read_is_an_error_in_three_parts(tmp_path, text, reason):
    path = tmp_path / "p.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=reason) as caught:
        read_predictions(path)
    assert str(path) in str(caught.value)
    assert caught.value.summary.legal
    assert caught.value.summary.remedy


def test_a_missing_file_and_a_cut_one_are_data_errors(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_predictions(tmp_path / "none.jsonl")
    path = tmp_path / "p.jsonl"
    write_predictions(path, predictions(target=np.arange(20)), str)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-3]), encoding="utf-8")
    with pytest.raises(DataError, match="it tells of 20 rows and holds 17"):
        read_predictions(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="cannot be read"):
        read_predictions(path)
