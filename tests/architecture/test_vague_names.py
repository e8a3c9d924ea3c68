"""Files and folders are named for what they hold."""

import pytest

from rules.source import Source, forbid
from rules.vague_names import breaches


def test_the_package_has_no_vague_names(package):
    forbid(breaches(package))


@pytest.mark.parametrize(
    "path",
    [
        "kilter/data/utils.py",
        "kilter/data/_common.py",
        "kilter/data/text_helpers.py",
        "kilter/engine/base.py",
        "kilter/engine/core/__init__.py",
        "kilter/misc/step.py",
        "kilter/search/manager.py",
    ],
)
def test_a_planted_name_is_caught(path):
    assert [breach.path for breach in breaches([Source(path, "")])] == [path]


def test_names_that_only_sound_alike_are_let_through():
    names = ("models/baselines", "metrics/scores", "values/commonness", "data/database")

    assert list(breaches([Source(f"kilter/{name}.py", "") for name in names])) == []
