"""What happens in a training, as values; the loop yields them, hooks read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, final

from kilter.values.finding import Finding
from kilter.values.frozen_map import FrozenMap
from kilter.values.history import History

if TYPE_CHECKING:
    from kilter.values.sample import Sample


@final
@dataclass(frozen=True, slots=True)
class StepDone:
    """One optimizer step: the loss of its whole accumulation window, the gradient's norm before clipping, the rate.

    A step whose loss or norm is not finite changed nothing, nor did one that is `empty`: nothing in it had a weight.
    Where a measurement or an evaluation of it follows, the step is not settled yet, and nothing may be saved.
    """

    step: int
    epoch: int
    loss: float
    gradient_norm: float
    learning_rate: float
    more_follows: bool = False
    empty: bool = False

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are numbers that a step can be made from."""
        return self.loss - self.loss == 0.0 == self.gradient_norm - self.gradient_norm


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """What instruments read of each layer in a step: numbers by measure and name, and the seconds that it took."""

    step: int
    epoch: int
    numbers: Mapping[str, float]
    seconds: float
    more_follows: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", FrozenMap(self.numbers))


@final
@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation on a split: the loss and the task's scores by name, and what the model says of a few examples.

    At step 0 it is of the model as it was made.
    """

    step: int
    epoch: int
    split: str
    scores: Mapping[str, float]
    samples: tuple[Sample, ...] = field(default=(), compare=False)  # kept beside the history, not in it

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", FrozenMap(self.scores))


@final
@dataclass(frozen=True, slots=True)
class Counted:
    """What the training has cost up to a step, over all its sittings, by the names of `curve_names.COSTS`."""

    step: int
    costs: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "costs", FrozenMap(self.costs))


@final
@dataclass(frozen=True, slots=True)
class Finished:
    """The training ended, and why."""

    step: int
    reason: str


@final
@dataclass(frozen=True, slots=True)
class Stop:
    """A hook's answer: stop, and why; `failed` where the training cannot be believed."""

    reason: str
    failed: bool = False


Event: TypeAlias = StepDone | Measured | Evaluated | Counted | Finished
Hook: TypeAlias = Callable[[Event, History], Stop | Finding | None]
"""A pure function of what was recorded; it keeps no state, so that a resumed run decides as if it had never stopped.

A wish to stop counts at any event but the last. Findings count as they stand at the last evaluation and at the end:
what was found earlier and still holds is found there again, also by a run that was resumed in between.
"""


def settled(event: Event) -> bool:
    """Whether nothing more of this event's step follows, so that the training may be saved or stopped."""
    return not (isinstance(event, StepDone | Measured) and event.more_follows)
