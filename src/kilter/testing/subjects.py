"""Entries of the catalogues: subjects that are well, and subjects with one fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, final

from kilter.values.finding import Severity

Subject = TypeVar("Subject")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy(Generic[Subject]):
    """A subject on which no check may say more than a note, however odd it looks."""

    name: str
    make: Callable[[], Subject]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Planted(Generic[Subject]):
    """A subject with one fault.

    Attributes:
        code: of the check that must find it.
        name: what is wrong, in a word or two.
        make: the subject, the same each time.
        causes: the right ones; the finding names one of them among its first three.
        severity: the least that the finding must have.
    """

    code: str
    name: str
    make: Callable[[], Subject]
    causes: tuple[str, ...]
    severity: Severity = Severity.WARNING
