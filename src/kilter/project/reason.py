"""Why something was guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that was guessed, why, and what to write where the guess is wrong."""

    about: str
    taken: str
    why: str
    otherwise: str

    def __str__(self) -> str:
        return f"{self.about}: {self.taken}, since {self.why}. {self.otherwise}"
