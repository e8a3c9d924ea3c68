"""What a model said of an example at one moment of its training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An example and its answer, as a person reads them, shortened.

    Attributes:
        id: of the example.
        inputs: what the model was shown.
        target: what would have been right.
        decided: what the model decided.
        cost: the example's loss.
        confidence: the probability of what was decided, where classes have probabilities.
    """

    id: str
    inputs: str
    target: str
    decided: str
    cost: float
    confidence: float | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The same few examples as they were answered after so many optimizer steps; 0 is before the first."""

    step: int
    samples: tuple[Sample, ...]
