"""What a probe of a person's program is: it runs the person's code, and leaves everything as it found it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.persons_code import PersonsCodeFailed, in_a_line
from kilter.checks.program.bench import Bench
from kilter.engine.seeding import left_as_found
from kilter.values.finding import Finding, Skipped


class Effort(StrEnum):
    """How much compute a check may take."""

    QUICK = "quick"  # the first dozen steps, and peeks into steps: about a second for a small program
    FULL = "full"  # trainings of the program with one thing changed: some times its own training


class ProgramProbe(Check[Bench]):
    """A check of a person's program: random states are as before.

    What a probe feeds to the person's code may be more than it was made for, so that an error there says nothing but
    that the probe cannot apply. Errors of the program as it is are the doctor's own finding.
    """

    effort: ClassVar[Effort] = Effort.QUICK

    @abstractmethod
    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        """What is found; every instance comes from the bench, so that nothing of the program changes."""

    @final
    def examine(self, subject: Bench) -> Iterator[Finding | Skipped]:
        said: list[Finding | Skipped] = []
        with left_as_found():
            try:
                said.extend(self.probe(subject))
            except PersonsCodeFailed as failed:
                said.append(Skipped(name=self.name, reason=in_a_line(failed)))
        yield from said
