"""Names of curves, and which way they get better."""

import pytest

from kilter.values.curve_names import direction, split_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train.loss", -1),
        ("valid.accuracy", 1),
        ("valid.balanced_accuracy", 1),
        ("valid.rmse", -1),
        ("valid.macro_f1", 1),
        ("valid.top5", 1),
        ("train.learning_rate", 0),
        ("train.gradient_norm", 0),
        ("clock.seconds", 0),
        ("update/encoder.weight", 0),
    ],
)
def test_direction(name, expected):
    assert direction(name) == expected


def test_split():
    assert split_of("valid.loss") == "valid"
    assert not split_of("epoch")
