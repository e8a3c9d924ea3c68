"""A program: a person's own training as it is, taken by checks and finders without being rewritten."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, final

if TYPE_CHECKING:
    from torch import Tensor, nn

MakeProgram: TypeAlias = "Callable[[int], tuple[nn.Module, Any, Any, Iterable[Any], Iterable[Any] | None]]"
"""seed -> (model, optimizer, loss_fn, train_loader, valid_loader), fresh each call."""
TrainStep: TypeAlias = "Callable[[nn.Module, Any, Any, Any], Any]"
"""(model, optimizer, loss_fn, batch) -> loss; zero_grad, backward and step are inside."""
Validate: TypeAlias = "Callable[[nn.Module, Any, Iterable[Any]], tuple[float, float]]"
"""(model, loss_fn, loader) -> (loss, metric)."""
EpochEnd: TypeAlias = "Callable[[nn.Module, Any, int], Any]"
"""(model, optimizer, epoch): what happens after each epoch."""
Place: TypeAlias = "str | int | Callable[[Any], Any]"
"""Where something stands in a batch: a key, an index, or a function of the batch."""
ProgramForward: TypeAlias = "Callable[[nn.Module, Any], Any]"
"""(model, batch) -> outputs."""
ProgramLoss: TypeAlias = "Callable[[Any, Any], Tensor]"
"""(outputs, batch) -> loss."""


class Kind(StrEnum):
    """What a program learns, in the words a person says it with."""

    CLASSIFICATION = "classification"
    MULTILABEL = "multilabel"
    TAGGING = "tagging"
    REGRESSION = "regression"
    GENERATION = "generation"
    CONTRASTIVE = "contrastive"
    OTHER = "other"


class OutputKind(StrEnum):
    """What the numbers are that the loss is given."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    LOG_PROBABILITIES = "log_probabilities"
    VALUES = "values"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A person's own training: how it is made, how it steps, how it is validated; nothing of it is changed.

    Attributes:
        make: the program afresh from a seed.
        step: one training step as its author wrote it; None makes the plain one.
        validate: what its author does after an epoch; None if there is nothing of the kind.
        epoch_end: what its author does after each epoch (a scheduler's step, say).
        loss_fn: stands in where `make` gives None for it.
        task: what is learnt.
        classes: how many there are, where there are classes.
        epochs: how long the training is.
        inputs: where the inputs stand in a batch; None finds it by looking.
        targets: where the targets stand in a batch; None finds it by looking.
        pad: the token that pads sequences; None finds it by looking.
        batch_size: how the program takes another batch size; for finders.
        set_rate: how the program takes another learning rate; for finders.
        higher_is_better: whether a larger metric of `validate` is a better one.
        forward: outputs for a batch, where they cannot be seen apart from the step.
        loss: the loss of outputs and batch, where it cannot be seen apart from the step.
        output: what the model's outputs are; None finds it by looking.
        causal: whether an output may depend only on places before it; None where nothing is said.
        accumulate: how many batches make one update, as declared; None finds it by looking.
        frozen: names of parameters, or beginnings of names, that are meant not to learn; true declares whatever is
            frozen as meant.
        pretrained: whether the model begins with learnt weights; or the beginnings of the names of those that do.
    """

    make: MakeProgram
    step: TrainStep | None = None
    validate: Validate | None = None
    epoch_end: EpochEnd | None = None
    loss_fn: Any = None
    task: Kind = Kind.OTHER
    classes: int | None = None
    epochs: int | None = None
    inputs: Place | None = None
    targets: Place | None = None
    pad: int | None = None
    batch_size: Callable[[int], Any] | int | None = None
    set_rate: Callable[[Any, float], Any] | None = None
    higher_is_better: bool = True
    forward: ProgramForward | None = None
    loss: ProgramLoss | None = None
    output: OutputKind | None = None
    causal: bool | None = None
    accumulate: int | None = None
    frozen: bool | tuple[str, ...] = False
    pretrained: bool | tuple[str, ...] = False

    def __repr__(self) -> str:
        said = [str(self.task)]
        said += [f"{self.classes} classes"] if self.classes else []
        said += [f"{self.epochs} epochs"] if self.epochs else []
        return f"Program({', '.join(said)})"
