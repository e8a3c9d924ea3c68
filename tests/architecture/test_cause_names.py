"""Every cause that the code names is one that exists."""

import pytest

from kilter.values.causes import CAUSE_NAMES
from rules.cause_names import breaches
from rules.source import Source, forbid


def test_the_package_names_causes_that_exist(package):
    forbid(breaches(package, CAUSE_NAMES))


@pytest.mark.parametrize(
    "text",
    [
        "Finding(causes=('lr_to_high',))",
        "Finding(causes=('lr_too_high', 'bad_luck'))",
        "Finding(causes=('lr_too_high',) if rising else ('bad_luck',))",
        "causes = ('bad_luck',)",
        "causes: tuple[str, ...] = ('bad_luck',)",
        "CAUSES_BY_SIGN = {'up': ('bad_luck',), 'down': ('lr_too_high',)}",
    ],
)
def test_a_planted_name_is_caught(text):
    assert len(list(breaches([Source("kilter/checks/curves/divergence.py", text)], CAUSE_NAMES))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Finding(causes=('lr_too_high', 'missing_warmup'))",
        "Finding(causes=guess(loss), where=('step 3',))",
        "Finding(causes=('lr_too_high',) if trend == 'up' else ())",
        "words = ('bad_luck',)",
    ],
)
def test_names_that_exist_are_let_through(text):
    assert list(breaches([Source("kilter/checks/curves/divergence.py", text)], CAUSE_NAMES)) == []
