"""Who is told how a flow goes: a progress bar, plain lines, nobody."""

from __future__ import annotations

from typing import Protocol, final

from kilter.training.events import Event
from kilter.values.history import History
from kilter.values.run import Stage


class Progress(Protocol):
    """Is told what happens; decides nothing. It is an observer of the training, too."""

    def began(self, stage: str) -> None:
        """A stage began."""

    def told(self, line: str) -> None:
        """What a stage is about, as it comes to it."""

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        """The training will make so many steps, or take so many seconds: one of the two is known."""

    def see(self, event: Event, history: History) -> None:
        """Something happened in the training."""

    def flush(self) -> None:
        """A checkpoint is about to be written."""

    def ended(self, stage: Stage) -> None:
        """A stage ended, and how."""


@final
class Silence:
    """Tells nobody."""

    def began(self, stage: str) -> None:
        """Nothing is said."""

    def told(self, line: str) -> None:
        """Nothing is said."""

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        """Nothing is said."""

    def see(self, event: Event, history: History) -> None:
        """Nothing is said."""

    def flush(self) -> None:
        """Nothing is said."""

    def ended(self, stage: Stage) -> None:
        """Nothing is said."""
