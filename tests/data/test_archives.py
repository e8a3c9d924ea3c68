import io
import math

import numpy as np
import pytest

from kilter.data.archives import flat_column, read_arrays
from kilter.values.errors import DataError


def stored(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def test_images_stay_and_numbers_become_doubles():
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    columns = read_arrays(stored(x=images, y=np.array([3, 1], dtype=np.uint8)), name="f")
    assert columns["x"].dtype == np.uint8
    np.testing.assert_array_equal(columns["x"], images)
    assert columns["y"].dtype == np.float64
    assert columns["y"].tolist() == [3, 1]


def test_a_matrix_becomes_columns():
    columns = read_arrays(stored(x=np.array([[1, 2], [3, 4]])), name="f")
    assert {name: column.tolist() for name, column in columns.items()} == {"x_0": [1, 3], "x_1": [2, 4]}


@pytest.mark.parametrize(
    ("array", "column"),
    [
        (np.array(["a", ""]), ["a", None]),
        (np.array([b"a", b"bc"]), ["a", "bc"]),
        (np.array([True, False]), ["true", "false"]),
        (np.array([2**60, 1]), [str(2**60), "1"]),
        (np.array([1.5, math.inf], dtype=np.float32), [1.5, math.inf]),
    ],
    ids=["text", "bytes", "truth", "identifiers", "floats"],
)
def test_flat_columns(array, column):
    assert flat_column(array).tolist() == column


def test_a_pickle_is_refused_and_never_run(tmp_path):
    planted = tmp_path / "planted"

    class Evil:
        def __reduce__(self):
            return planted.touch, ()

    data = stored(x=np.array([Evil()], dtype=object), y=np.zeros(1))
    with pytest.raises(DataError, match="f:x a pickled array of objects, refused because reading it could run code"):
        read_arrays(data, name="f")
    assert not planted.exists()


@pytest.mark.parametrize(
    ("arrays", "met"),
    [
        ({"x": np.zeros(3), "y": np.zeros(2)}, r"unequal numbers of rows \(x 3, y 2\)"),
        ({"x": np.zeros(()), "y": np.zeros(2)}, "f:x a single value"),
        ({"x": np.zeros(2, dtype=complex)}, "f:x values of type complex128"),
        ({"x": np.zeros((1, 2, 3, 4, 5))}, "f:x 5 dimensions of float64"),
        ({"x": np.array([["a"]])}, "f:x 2 dimensions of <U1"),
        ({"x": np.zeros(0)}, "has no rows"),
        ({}, "has no rows"),
    ],
)
def test_what_is_no_column_is_refused(arrays, met):
    with pytest.raises(DataError, match=met):
        read_arrays(stored(**arrays), name="f")


def test_all_faults_are_gathered():
    with pytest.raises(DataError) as caught:
        read_arrays(stored(a=np.zeros(()), b=np.zeros(2, dtype=complex), c=np.zeros(2)), name="f")
    assert [fault.where for fault in caught.value.faults] == ["f:a", "f:b"]


def test_damaged_and_foreign_files_are_said():
    whole = stored(x=np.arange(1000))
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 255
    single = io.BytesIO()
    np.save(single, np.zeros(3))
    for data in (whole[: len(whole) // 2], bytes(damaged), b"text", single.getvalue()):
        with pytest.raises(DataError, match="cannot be read"):
            read_arrays(data, name="f")
