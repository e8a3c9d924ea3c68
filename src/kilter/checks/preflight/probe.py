"""What a probe of a pipeline is: it runs a person's code, and leaves everything as it found it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import final

from kilter.checks.check import Check
from kilter.checks.persons_code import PersonsCodeFailed, failure
from kilter.engine.seeding import left_as_found
from kilter.values.finding import Finding, Skipped
from kilter.values.pipeline import Pipeline


class Probe(Check[Pipeline]):
    """A check that runs a pipeline: random states are as before, and errors of the person's code are findings."""

    @abstractmethod
    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        """What is found; models and optimizers are made afresh, so that nothing of the pipeline changes."""

    @final
    def examine(self, subject: Pipeline) -> Iterator[Finding | Skipped]:
        said: list[Finding | Skipped] = []
        with left_as_found():
            try:
                said.extend(self.probe(subject))
            except PersonsCodeFailed as failed:
                said.append(failure(failed))
        yield from said
