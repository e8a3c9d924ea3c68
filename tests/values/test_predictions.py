import numpy as np
import pytest

from kilter.values.predictions import Predictions


def predictions(**changed):
    columns = {
        "ids": ("a", "b", "c"),
        "target": np.array([0, 1, 1]),
        "answer": np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]),
        "decided": np.array([0, 1, 0]),
        "cost": np.array([0.1, 0.2, 0.9]),
        "merit": np.array([1.0, 1.0, 0.0]),
        "weight": np.ones(3),
    }
    return Predictions(**{**columns, **changed})


def test_rows_are_taken_together():
    taken = predictions().take(np.array([2, 0]))

    assert taken.ids == ("c", "a")
    assert taken.answer.tolist() == [[0.6, 0.4], [0.9, 0.1]]
    assert taken.merit.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("name", ["target", "answer", "decided", "cost", "merit", "weight"])
def test_columns_of_another_length_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} has 2 rows and there are 3 ids"):
        predictions(**{name: np.ones(2)})


def test_it_says_how_many_and_how_good():
    assert repr(predictions()) == "Predictions(3 rows, mean merit 0.6667)"
    assert repr(predictions().take(np.array([], dtype=int))) == "Predictions(0 rows, mean merit nan)"
