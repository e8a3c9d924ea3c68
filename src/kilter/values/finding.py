"""Findings: what was noticed, what probably causes it, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, final

from kilter.values.frozen_map import FrozenMap

_A_FEW: Final = 4
"""Skipped checks that are each told with their reason."""


class Severity(IntEnum):
    """A promise about what a finding means."""

    NOTE = 0  # worth knowing
    WARNING = 1  # very likely harmful
    FAILURE = 2  # this training is wrong

    @property
    def word(self) -> str:
        """The name as it is printed and written to JSON."""
        return self.name.lower()


class Strength(IntEnum):
    """How well the evidence of a finding carries it."""

    SUSPECTED = 0  # a pattern that often has this cause
    MEASURED = 1  # a number beyond what its noise allows
    PROVED = 2  # an invariant that is broken, or a paired probe that tells


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was noticed, with its numbers, its likely causes and what to do.

    >>> print(Finding(code="D102", name="split-overlap", severity=Severity.FAILURE, causes=("train_val_leak",),
    ...               seen="12 of 400 validation examples are also in training.", advice="Split by `document_id`."))
    D102 split-overlap, failure: 12 of 400 validation examples are also in training.
         Split by `document_id`.
    """

    code: str
    name: str
    severity: Severity
    seen: str  # what was measured, with its numbers; one sentence
    advice: str  # what to do; one sentence, imperative
    causes: tuple[str, ...] = ()  # what is inferred, most likely first; names of values/causes.py
    experiment: str = ""  # what to try next to tell the causes apart; one sentence, imperative
    where: tuple[str, ...] = ()  # example ids, parameters, steps, cells
    evidence: Mapping[str, object] = field(default_factory=dict[str, object])  # numbers, strings and small tables
    strength: Strength = Strength.MEASURED
    follows: tuple[str, ...] = ()  # names of findings of which this one would be a consequence

    def __post_init__(self) -> None:
        object.__setattr__(self, "evidence", FrozenMap(self.evidence))

    def __str__(self) -> str:
        said = f"{self.code} {self.name}, {self.severity.word}: {self.seen}\n     {self.advice}"
        return f"{said}\n     To tell: {self.experiment}" if self.experiment else said

    def _repr_html_(self) -> str:
        from html import escape

        return (
            f"<p><b>{escape(self.code)} {escape(self.name)}</b>, {self.severity.word}: "
            f"{escape(self.seen)}<br>{escape(self.advice)}"
            f"{'<br>To tell: ' + escape(self.experiment) if self.experiment else ''}</p>"
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A check that could not apply, and why."""

    name: str
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What a family of checks said of one subject: findings in order, what was skipped, what it cost."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])  # a check's name to its time

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", FrozenMap(self.seconds))

    @property
    def worst(self) -> Severity | None:
        """The gravest severity that was found."""
        return max((finding.severity for finding in self.findings), default=None)

    def __str__(self) -> str:
        said = [str(finding) for finding in self.findings] or ["nothing found"]
        if len(self.skipped) > _A_FEW:
            names = ", ".join(skipped.name for skipped in self.skipped)
            return "\n".join([*said, f"skipped {len(self.skipped)} checks (`skipped` says why): {names}"])
        return "\n".join([*said, *(f"skipped {skipped.name}: {skipped.reason}" for skipped in self.skipped)])

    def _repr_html_(self) -> str:
        from html import escape

        found = "".join(finding._repr_html_() for finding in self.findings) or "<p>nothing found</p>"
        return found + "".join(f"<p>skipped {escape(s.name)}: {escape(s.reason)}</p>" for s in self.skipped)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings by severity, then strength of evidence; a finding that another one explains is left out.

    Not-a-number after an explosion is no second fault: it names the explosion in `follows`.
    A root explains only what is no worse than itself, so nothing severe hides behind a note.
    """
    all_of_them = tuple(findings)
    roots = {finding.name: finding.severity for finding in all_of_them}
    kept = [
        finding
        for finding in all_of_them
        if not any(name != finding.name and roots.get(name, -1) >= finding.severity for name in finding.follows)
    ]
    return tuple(sorted(kept, key=lambda finding: (-finding.severity, -finding.strength, finding.code)))
