"""Only the command line prints."""

import pytest

from rules.prints import breaches
from rules.source import Source, forbid


def test_the_package_prints_only_in_cli(package):
    forbid(breaches(package))


@pytest.mark.parametrize("text", ["print('done')", "def fit():\n    print('done', file=stderr)", "pprint({})"])
def test_a_planted_print_is_caught(text):
    assert len(list(breaches([Source("kilter/training/fit.py", text)]))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kilter/cli/main.py", "print('done')"),
        ("kilter/values/finding.py", '"""Shown so:\n\n>>> print(finding)\n"""\nblueprint(1)'),
    ],
)
def test_the_command_line_and_doctests_are_let_through(path, text):
    assert list(breaches([Source(path, text)])) == []
