"""What was seen of the first steps of a person's program: calls, gradients, updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

if TYPE_CHECKING:
    from torch import Tensor

Gradients: TypeAlias = "Mapping[str, Tensor | None]"
"""By parameter; None where none arrived."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the model, of a part of it, or of the loss; tensors are copies without a graph.

    Attributes:
        name: of the module in the model, empty for the model itself and for the loss.
        arguments: positional ones.
        keywords: the others.
        result: what came back.
        training: whether the module was in training mode.
        evaluating: names of modules inside that were in evaluation mode at that moment.
        gradients: whether gradients were being recorded.
    """

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    result: Any
    training: bool
    evaluating: tuple[str, ...]
    gradients: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Backward:
    """A call of backward.

    Attributes:
        loss: what it was called on.
        differentiable: whether that had a graph.
        fresh: the gradient of this call alone, by parameter; None where none arrives.
        before: `.grad` as it stood before the call.
        strangers: shapes of leaves of the graph that ask for a gradient and are no parameter of the model.
    """

    loss: Tensor
    differentiable: bool
    fresh: Gradients
    before: Gradients
    strangers: tuple[tuple[int, ...], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A step of an optimizer.

    Attributes:
        optimizer: its place among the optimizers.
        gradients: `.grad` as the optimizer met it, by parameter, of those it holds.
        before: the values of these parameters.
        after: the same, when it was done.
        groups: settings of each parameter group, and under "names" the parameters that it holds, as often as it does.
        within: how many backwards ran inside of it, as those of a closure do; `gradients` are then older than they.
    """

    optimizer: int
    gradients: Gradients
    before: Mapping[str, Tensor]
    after: Mapping[str, Tensor]
    groups: tuple[Mapping[str, Any], ...]
    within: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStep:
    """One step as it happened.

    Attributes:
        epoch: counted from 0.
        batch: as the loader gave it.
        random: the global random states when it began.
        before: parameters and buffers when it began, by name.
        calls: of the model, outermost ones.
        losses: of the loss function.
        backwards: in order.
        updates: in order.
        order: "call", "loss", "backward" and "update" in the order in which they ended.
        returned: the loss that the step returned, not-a-number if it returned none.
    """

    epoch: int
    batch: Any
    random: object
    before: Mapping[str, Tensor]
    calls: tuple[Call, ...]
    losses: tuple[Call, ...]
    backwards: tuple[Backward, ...]
    updates: tuple[Update, ...]
    order: tuple[str, ...]
    returned: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The first steps of a program, on an instance that was made for it.

    Attributes:
        steps: in order.
        names: of the model's parameters, in its order.
        trainable: those that ask for a gradient.
        held: of the parameters that some optimizer holds, once for each time that it is held; those that are not the
            model's have names such as `optimizer[0].3`.
        shapes: of every parameter named here.
        after: parameters and buffers when all was done.
        error: what the person's code raised, which ended the recording.
    """

    steps: tuple[SeenStep, ...]
    names: tuple[str, ...]
    trainable: frozenset[str]
    held: tuple[str, ...]
    shapes: Mapping[str, tuple[int, ...]]
    after: Mapping[str, Tensor]
    error: Exception | None = None

    @property
    def updates(self) -> tuple[Update, ...]:
        """All of them."""
        return tuple(update for step in self.steps for update in step.updates)
