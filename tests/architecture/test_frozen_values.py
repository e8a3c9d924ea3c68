"""The nouns cannot be changed, extended or filled in the wrong order."""

import pytest

from rules.frozen_values import breaches
from rules.source import Source, forbid

IMPORTS = "import dataclasses\nfrom dataclasses import dataclass\nfrom typing import ClassVar, final\n"


def value(decorators, fields):
    return Source("kilter/values/score.py", f"{IMPORTS}{decorators}\nclass Score:\n    {fields}\n")


def test_the_values_are_frozen(package):
    forbid(breaches(package))


@pytest.mark.parametrize(
    ("decorators", "lacks"),
    [
        ("@final\n@dataclass(frozen=True, slots=True)", "kw_only=True"),
        ("@final\n@dataclass(frozen=True, kw_only=True)", "slots=True"),
        ("@final\n@dataclass(slots=True, kw_only=True)", "frozen=True"),
        ("@final\n@dataclass(frozen=False, slots=True, kw_only=True)", "frozen=True"),
        ("@dataclass(frozen=True, slots=True, kw_only=True)", "@final"),
        ("@final\n@dataclasses.dataclass(frozen=True, slots=True)", "kw_only=True"),
    ],
)
def test_a_planted_breach_is_caught(decorators, lacks):
    (breach,) = breaches([value(decorators, "low: float; value: float; high: float")])

    assert breach.said == f"Score is a value and lacks {lacks}"


def test_a_bare_dataclass_lacks_everything():
    assert len(list(breaches([value("@dataclass", "low: float; value: float; high: float")]))) == 4


@pytest.mark.parametrize(
    ("decorators", "fields"),
    [
        ("@final\n@dataclass(frozen=True, slots=True, kw_only=True)", "low: float; value: float; high: float"),
        ("@final\n@dataclass(frozen=True, slots=True)", "kind: ClassVar[str] = 'time'; amount: float; unit: str"),
        ("@final", "low = 1"),
    ],
)
def test_a_true_value_is_let_through(decorators, fields):
    assert list(breaches([value(decorators, fields)])) == []
