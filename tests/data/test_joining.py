import numpy as np
import pytest

from kilter.data.joining import join, joined_name
from kilter.data.tabling import table_of
from kilter.values.errors import DataError
from kilter.values.table import Field, Kind

TABLE = table_of({"label": ["a", None, "b"], "score": [1.5, 2, None], "x": ["u", "v", "w"]})
BOTH = (Field(name="label", kind=Kind.CATEGORY), Field(name="score", kind=Kind.NUMBER))


def test_a_record_has_a_value_for_each_column_and_none_where_it_is_missing():
    whole = join(TABLE, BOTH, Kind.RECORD, name="train")

    assert whole.columns["label, score"].tolist() == [("a", 1.5), (None, 2.0), ("b", None)]
    assert set(whole.columns) == {"label", "score", "x", "label, score"}
    assert whole.ids == TABLE.ids


def test_amounts_are_one_array_with_not_a_number_where_they_are_missing():
    table = table_of({"a": [1.0, None], "b": [3.0, 4.0]})
    fields = tuple(Field(name=name, kind=Kind.NUMBER) for name in "ab")

    whole = join(table, fields, Kind.AMOUNTS, name="train").columns[joined_name(["a", "b"])]

    np.testing.assert_array_equal(whole, [[1, 3], [np.nan, 4]])


def test_what_does_not_fit_is_said_with_its_rows():
    wrong = (Field(name="x", kind=Kind.NUMBER), Field(name="y", kind=Kind.NUMBER))

    with pytest.raises(DataError) as caught:
        join(TABLE, wrong, Kind.AMOUNTS, name="train.csv")

    assert "train.csv does not have the targets" in str(caught.value)
    assert "there is no column 'y'" in str(caught.value)
    assert "table#0" in str(caught.value)
