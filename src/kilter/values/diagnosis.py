"""What the curves of recorded runs say: of each run its log and what was found, and where several runs part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.finding import Examination, Finding, Severity
from kilter.values.log import Log


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosedRun:
    """One recorded run and what its curves say.

    Attributes:
        name: of the run, different from those of the others.
        log: its curves, what was taken for what, and what had to be supposed.
        examination: what was found, and what could not be looked at.
        source: the path it was read from; empty for one in memory.
    """

    name: str
    log: Log
    examination: Examination
    source: str = ""

    def __repr__(self) -> str:
        found = len(self.examination.findings)
        return f"DiagnosedRun({self.name!r}, {self.log.history!r}, {found} {'finding' if found == 1 else 'findings'})"

    @property
    def about(self) -> tuple[str, ...]:
        """What was read, a sentence each."""
        taken = ", ".join(f"{name} as {curve}" for curve, name in self.log.taken.items() if name != curve)
        rows = f"{len(self.log.history):,} rows to step {self.log.history.step:,}."
        return (rows, *([f"Read {taken}."] if taken else []), *self.log.notes)

    def __str__(self) -> str:
        return "\n".join([f"{self.name}:", *self.about, str(self.examination)])

    def _repr_html_(self) -> str:
        from html import escape

        about = "".join(f"<li>{escape(line)}</li>" for line in self.about)
        return f"<p><b>{escape(self.name)}</b></p><ul>{about}</ul>{self.examination._repr_html_()}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where one curve of two runs parts by more than the noise of both; another seed may part as much.

    Attributes:
        curve: its name.
        left: a run's name.
        right: the other run's.
        step: from which on the left one stays on one side of the right one; None where they are not told apart.
        until: the last step at which both have recorded a finite number.
        difference: left minus right about that step.
        error: its standard error.
        better: the name of the run that ends better; empty where they do not end apart or the name of the curve does
            not tell what is better.
    """

    curve: str
    left: str
    right: str
    step: int | None
    until: int
    difference: float
    error: float
    better: str = ""

    def __str__(self) -> str:
        if self.step is None:
            return f"{self.curve}: {self.left} and {self.right} are not told apart up to step {self.until:,}"
        side = "above" if self.difference > 0 else "below"
        size = f"{abs(self.difference):.3g}"
        if self.error > abs(self.difference) / 1000:
            size += f" ± {self.error:.1g}"
        better = f"; {self.better} is better" if self.better else ""
        return (
            f"{self.curve}: {self.left} stays {side} {self.right} from step {self.step:,} on, "
            f"by {size} about step {self.until:,}{better}"
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What recorded runs say of themselves, and the first of them against each of the others."""

    runs: tuple[DiagnosedRun, ...]
    partings: tuple[Parting, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all runs, the most severe first."""
        found = [finding for run in self.runs for finding in run.examination.findings]
        return tuple(sorted(found, key=lambda finding: (-finding.severity, -finding.strength)))

    @property
    def worst(self) -> Severity | None:
        """The gravest severity that was found."""
        return max((finding.severity for finding in self.findings), default=None)

    def __repr__(self) -> str:
        return f"Diagnosis({', '.join(map(repr, self.runs))})"

    def __str__(self) -> str:
        return "\n\n".join([*map(str, self.runs), *(["\n".join(map(str, self.partings))] if self.partings else [])])

    def _repr_html_(self) -> str:
        from html import escape

        partings = "".join(f"<li>{escape(str(parting))}</li>" for parting in self.partings)
        return "".join(run._repr_html_() for run in self.runs) + (f"<ul>{partings}</ul>" if partings else "")
