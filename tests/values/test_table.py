import numpy as np
import pytest

from kilter.values.table import Dataset, Field, Kind, Schema, Table


@pytest.fixture
def table():
    return Table(columns={"a": np.array([1.0, 2.0, 3.0]), "b": np.array(["x", None, "z"], object)}, ids=("1", "2", "3"))


def test_rows_are_taken_with_their_ids(table):
    taken = table.take([2, 0])

    assert taken.ids == ("3", "1")
    assert taken.columns["a"].tolist() == [3.0, 1.0]
    assert taken.columns["b"].tolist() == ["z", "x"]


def test_columns_of_another_length_are_refused():
    with pytest.raises(ValueError, match="column 'a' has 1 rows and there are 2 ids"):
        Table(columns={"a": np.zeros(1)}, ids=("1", "2"))


def test_columns_cannot_be_put_in(table):
    with pytest.raises(TypeError):
        table.columns["c"] = np.zeros(3)


def test_inputs_of_a_kind_in_order():
    fields = (Field(name="t", kind=Kind.TEXT), Field(name="n", kind=Kind.NUMBER), Field(name="u", kind=Kind.TEXT))
    schema = Schema(inputs=fields, target="y", target_kind=Kind.CATEGORY)

    assert schema.of_kind(Kind.TEXT) == ("t", "u")
    assert schema.of_kind(Kind.TEXT, Kind.NUMBER) == ("t", "n", "u")
    assert schema.of_kind(Kind.IMAGE) == ()


def test_a_data_set_is_its_splits(table):
    schema = Schema(inputs=(), target="b", target_kind=Kind.CATEGORY)
    dataset = Dataset(splits={"train": table, "test": table.take([0])}, schema=schema)

    assert list(dataset) == ["train", "test"]
    assert dataset["test"].ids == ("1",)
    assert dataset.sizes == {"train": 3, "test": 1}
    assert repr(table) == "Table(3 rows: a, b)"
