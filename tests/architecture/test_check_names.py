"""A check's code and its name belong to it alone: findings are told apart by them."""

from collections import Counter

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.data import DATA_CHECKS
from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.checks.program import PROGRAM_CHECKS
from kilter.checks.results import RESULT_CHECKS

CHECKS = (*CURVE_CHECKS, *DATA_CHECKS, *PREFLIGHT_CHECKS, *PROGRAM_CHECKS, *RESULT_CHECKS)


def twice(words):
    """What occurs more than once."""
    return [word for word, count in Counter(words).items() if count > 1]


def test_no_code_and_no_name_is_used_twice():
    assert not twice(check.code for check in CHECKS)
    assert not twice(check.name for check in CHECKS)


def test_what_occurs_twice_is_seen():
    assert twice(["a", "b", "a"]) == ["a"]
