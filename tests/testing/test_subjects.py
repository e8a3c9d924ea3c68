"""Entries of the catalogues are frozen."""

from dataclasses import FrozenInstanceError

import pytest

from kilter.testing.subjects import Healthy, Planted
from kilter.values.finding import Severity


def test_entries_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Healthy(name="a", make=dict).name = "b"


def test_a_planted_fault_asks_for_a_warning_unless_it_says_otherwise():
    assert Planted(code="D101", name="a", make=dict, causes=("data_anomaly",)).severity is Severity.WARNING
