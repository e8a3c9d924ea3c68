import dataclasses
import math

import pytest

from kilter.metrics.measure import Measure


def test_says_its_value_and_interval():
    assert str(Measure(value=0.5, low=0.25, high=0.75, n=8, method="wilson")) == "0.5 [0.25, 0.75]"
    assert str(Measure(value=0.5, n=1)) == "0.5"
    assert str(Measure(undefined="no examples", n=0)) == "undefined: no examples"


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Measure(value=1.0, n=1).value = 2.0


@pytest.mark.parametrize(
    ("fields", "met"),
    [
        ({}, "a value or a reason is legal"),
        ({"value": 1.0, "undefined": "why"}, "a value or a reason is legal"),
        ({"value": 1.0, "low": 0.5}, "both bounds or none"),
        ({"undefined": "why", "low": 0.5, "high": 1.0}, "both bounds or none"),
        ({"value": math.nan}, "finite numbers are legal"),
        ({"value": 1.0, "low": 0.5, "high": math.inf}, "finite numbers are legal"),
        ({"value": 1.0, "low": 1.5, "high": 2.0}, "low <= value <= high"),
        ({"value": 1.0, "confidence": 1.0}, "between 0 and 1"),
    ],
)
def test_refuses_what_contradicts_itself(fields, met):
    with pytest.raises(ValueError, match=met):
        Measure(n=3, **fields)
