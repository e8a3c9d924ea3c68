"""What a check is."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from kilter.checks.check import Check
from kilter.values.finding import Skipped


def test_a_check_without_examine_cannot_be_made():
    class Half(Check[int]):
        code: ClassVar[str] = "D999"
        name: ClassVar[str] = "half"

    with pytest.raises(TypeError, match="examine"):
        Half()


def test_a_check_says_what_it_skips():
    @dataclass(frozen=True)
    class Shy(Check[int]):
        code: ClassVar[str] = "D999"
        name: ClassVar[str] = "shy"

        def examine(self, subject):
            yield Skipped(name=self.name, reason="nothing to see")

    assert [said.reason for said in Shy().examine(1)] == ["nothing to see"]
