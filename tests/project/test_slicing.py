"""Slices of a run, found without predicting anew."""

from __future__ import annotations

import shutil

import pytest

from kilter.project.consulting import looks
from kilter.project.folder import load_run
from kilter.project.slicing import find_slices
from kilter.values.errors import UsageError


@pytest.fixture
def copied(trained, tmp_path):
    shutil.copytree(trained.path, tmp_path / "copy")
    return tmp_path / "copy"


def test_all_that_is_asked_for_is_told_by_column_and_by_function(copied):
    def large(row):
        return row["x"] > 0.5

    found = find_slices(copied, by=("label", large), minimum=2)
    assert {each.name for each in found} == {"label = a", "label = b", "large"}
    classes = [each for each in found if each.name != "large"]
    assert sum(each.n for each in classes) == 30
    assert all(each.asked for each in found)


def test_a_loaded_run_will_do_and_each_look_is_counted(copied):
    before = looks(copied).get("test", 0)
    find_slices(load_run(copied), by=("label",), minimum=2)
    find_slices(copied)
    assert looks(copied)["test"] == before + 2


def test_those_that_are_surely_worse_are_searched_for(copied):
    assert find_slices(copied) == ()  # too few rows
    worst, *_ = find_slices(copied, minimum=2)
    assert not worst.asked
    assert worst.inside.value < worst.outside.value
    assert worst.p_value <= 0.01


def test_what_cannot_be_is_refused(copied):
    with pytest.raises(UsageError, match="has no predictions on elsewhere"):
        find_slices(copied, split="elsewhere")
    with pytest.raises(UsageError, match="1 example or more"):
        find_slices(copied, minimum=0)
    with pytest.raises(UsageError, match="did you mean 'label'"):
        find_slices(copied, by=("lable",))
    with pytest.raises(UsageError, match="no input is a text"):
        find_slices(copied, tokens=("sad",))
