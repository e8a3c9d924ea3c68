"""The front door: few names, sorted, each there, and none of them hidden by a folder of the same name."""

import importlib
from types import ModuleType

import pytest

import kilter

PROMISED = {"Pipeline", "Recipe", "check", "fit", "evaluate", "compare", "report", "run"}


def test_the_names_are_sorted_and_said_once():
    names = list(kilter.__all__)

    assert names == sorted(set(names))
    assert dir(kilter) == names


def test_the_names_are_few_and_hold_what_is_promised():
    assert 20 <= len(kilter.__all__) <= 51
    assert set(kilter.__all__) >= PROMISED


def test_each_name_is_there_and_says_what_it_is():
    mute = [name for name in kilter.__all__ if name != "__version__" and not getattr(kilter, name).__doc__]

    assert mute == []


def test_no_name_is_hidden_by_a_folder(package):
    """Importing `kilter.report.html` would set `kilter.report` to the folder; a person wants the function."""
    for source in package:
        if source.path != "kilter/__main__.py":
            importlib.import_module(source.module)

    hidden = [name for name in kilter.__all__ if isinstance(getattr(kilter, name), ModuleType)]

    assert hidden == []


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="recipee"):
        kilter.recipee  # noqa: B018 - the access is the test
