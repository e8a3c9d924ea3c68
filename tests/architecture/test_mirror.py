"""The tests mirror the package one to one."""

import pytest

from rules.mirror import breaches
from rules.source import Source, forbid

INTERVALS = Source("kilter/metrics/intervals.py", "")
FACES = (Source("kilter/__init__.py", ""), Source("kilter/metrics/__init__.py", ""))


def test_the_tests_mirror_the_package(package, root):
    tests = [path.relative_to(root / "tests").as_posix() for path in (root / "tests").rglob("*.py")]

    forbid(breaches(package, tests))


@pytest.mark.parametrize(
    ("tests", "caught"),
    [
        ([], "kilter/metrics/intervals.py"),
        (["metrics/test_intervals.py", "metrics/test_scores.py"], "tests/metrics/test_scores.py"),
        (["metrics/test_intervals.py", "test_intervals.py"], "tests/test_intervals.py"),
    ],
)
def test_a_planted_breach_is_caught(tests, caught):
    assert [breach.path for breach in breaches([*FACES, INTERVALS], tests)] == [caught]


def test_a_test_in_another_room_is_two_breaches():
    assert len(list(breaches([INTERVALS], ["evaluation/test_intervals.py"]))) == 2


def test_what_stands_for_no_file_is_let_through():
    tests = ["metrics/test_intervals.py", "metrics/conftest.py", "architecture/test_floors.py", "flow/test_demo.py"]
    start = Source("kilter/__main__.py", "")

    assert list(breaches([*FACES, INTERVALS, start], [*tests, "test_main.py"])) == []
