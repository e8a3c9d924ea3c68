"""The tree of errors: an Error means that kilter cannot go on.

    KilterError                 1
    ├── UsageError              2   the command or the call asks for what cannot be
    ├── RecipeError             2   faults in a project file or a recipe, all of them at once
    ├── DataError               3   data that cannot be read, or cannot be what it is said to be
    ├── TrainingError           4   training could not go on
    ├── MissingDependency       5   an optional package is not installed
    └── Interrupted           130   somebody asked to stop; a checkpoint was written first

The number is the exit code of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

if TYPE_CHECKING:
    from pathlib import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: where it stands, what was met, what is legal, what to do.

    >>> print(Fault(where="kilter.yaml:12:3", met="batch.size = 0", legal="must be 1 or more", remedy="leave it out"))
    kilter.yaml:12:3 batch.size = 0: must be 1 or more; leave it out.
    """

    met: str
    legal: str = ""
    remedy: str = ""
    where: str = ""

    def __str__(self) -> str:
        said = "; ".join(part for part in (self.legal, self.remedy) if part)
        sentence = f"{self.met}: {said}" if said else self.met
        return f"{self.where} {sentence}".lstrip() + ("" if sentence.endswith((".", "?", "!")) else ".")


class KilterError(Exception):
    """What every error of kilter is.

    Attributes:
        exit_code: of the command line.
        faults: that were met.
        summary: what the error says.
        run: the folder of the run that it ended, where it ended one.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, met: str, *, legal: str = "", remedy: str = "", faults: Iterable[Fault] = ()) -> None:
        self.run: Path | None = None
        self.faults = tuple(faults)
        self.summary = Fault(met=met, legal=legal, remedy=remedy)
        super().__init__("\n".join([str(self.summary), *(f"  {fault}" for fault in self.faults)]))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.summary, self.faults)


def _rebuild(kind: type[KilterError], summary: Fault, faults: tuple[Fault, ...]) -> KilterError:
    return kind(summary.met, legal=summary.legal, remedy=summary.remedy, faults=faults)


@final
class UsageError(KilterError):
    """The command or the call asks for what cannot be."""

    exit_code: ClassVar[int] = 2


@final
class RecipeError(KilterError):
    """Faults in a project file or a recipe, gathered so that one reading mends them all."""

    exit_code: ClassVar[int] = 2


@final
class DataError(KilterError):
    """Data that cannot be read, or cannot be what it is said to be."""

    exit_code: ClassVar[int] = 3


@final
class TrainingError(KilterError):
    """Training could not go on."""

    exit_code: ClassVar[int] = 4


@final
class MissingDependency(KilterError):  # noqa: N818 - reads as what it says
    """An optional package is not installed."""

    exit_code: ClassVar[int] = 5


@final
class Interrupted(KilterError):  # noqa: N818 - an interruption is no mistake
    """Somebody asked to stop; a checkpoint was written first."""

    exit_code: ClassVar[int] = 130
