"""What a check is: it looks at one subject and yields what it finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Generic, TypeVar

from kilter.values.finding import Finding, Skipped

Subject = TypeVar("Subject")


class Check(ABC, Generic[Subject]):
    """Looks at one subject and yields what it finds; never prints, never mends.

    It leaves its subject and the random state as it found them. What cannot be looked at is `Skipped`, with the
    reason. Thresholds are fields; the docstring of a check is its documentation page.
    """

    code: ClassVar[str]
    name: ClassVar[str]

    @abstractmethod
    def examine(self, subject: Subject) -> Iterator[Finding | Skipped]:
        """What is found in the subject; nothing where all is well."""
