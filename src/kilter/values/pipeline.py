"""A pipeline: the live things of a training. Checks, finders and fit all take one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, final

from kilter.values.errors import UsageError
from kilter.values.frozen_map import FrozenMap
from kilter.values.program import (
    EpochEnd,
    Kind,
    MakeProgram,
    OutputKind,
    Place,
    Program,
    ProgramForward,
    ProgramLoss,
    TrainStep,
    Validate,
)
from kilter.values.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from kilter.values.batch import Batch
    from kilter.values.source import Source
    from kilter.values.task import Outputs, Task

ModelFactory: TypeAlias = "Callable[[], nn.Module]"
OptimizerFactory: TypeAlias = "Callable[[nn.Module], Optimizer]"
Forward: TypeAlias = "Callable[[nn.Module, Batch], Outputs]"

_MADE_OF = ("model", "loss", "augment")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Task, a model factory, splits and recipe: all that a training needs, nothing that it changes.

    Attributes:
        task: what is learnt.
        make_model: a fresh model each call, its weights drawn from the global random state.
        splits: `train`, and `valid` and `test` where there are any.
        recipe: every number that decides.
        make_optimizer: the optimizer of a fresh model; None takes the one the recipe names.
        forward: how the model is called; None passes `batch.inputs` by the names of the model's arguments.
    """

    task: Task
    make_model: ModelFactory
    splits: Mapping[str, Source]
    recipe: Recipe
    make_optimizer: OptimizerFactory | None = None
    forward: Forward | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "splits", FrozenMap(self.splits))

    def with_recipe(self, recipe: Recipe) -> Pipeline:
        """The same training with other numbers: batches, optimizer, schedule, lengths.

        Raises:
            UsageError: the recipe names another model, loss or augmentation, which this pipeline is made of already.
        """
        made = [name for name in _MADE_OF if getattr(recipe, name) != getattr(self.recipe, name)]
        if made:
            raise UsageError(
                f"a recipe with another {', '.join(made)}",
                legal="it is made of these already; batch, optimizer, schedule, train, stop and save may differ",
                remedy="build another pipeline",
            )
        same = recipe.batch == self.recipe.batch
        splits = self.splits if same else {name: split.batched(recipe.batch) for name, split in self.splits.items()}
        return replace(self, recipe=recipe, splits=splits)

    @staticmethod
    def from_loop(
        make: MakeProgram,
        *,
        step: TrainStep | None = None,
        validate: Validate | None = None,
        epoch_end: EpochEnd | None = None,
        loss_fn: Any = None,
        task: str = "other",
        classes: int | None = None,
        epochs: int | None = None,
        inputs: Place | None = None,
        targets: Place | None = None,
        pad: int | None = None,
        batch_size: Callable[[int], Any] | int | None = None,
        set_rate: Callable[[Any, float], Any] | None = None,
        higher_is_better: bool = True,
        forward: ProgramForward | None = None,
        loss: ProgramLoss | None = None,
        output: str | None = None,
        causal: bool | None = None,
        accumulate: int | None = None,
        frozen: bool | Iterable[str] = False,
        pretrained: bool | Iterable[str] = False,
    ) -> Program:
        """A person's own training, untouched, for checks and finders.

        Args:
            make: `make(seed)` gives (model, optimizer, loss_fn, train_loader, valid_loader), fresh each call.
            step: `step(model, optimizer, loss_fn, batch)` gives the loss; zero_grad, backward and step are inside.
                None makes the plain one: the loss of `model(inputs)` and the last part of the batch.
            validate: `validate(model, loss_fn, loader)` gives (loss, metric).
            epoch_end: `epoch_end(model, optimizer, epoch)`, what happens after each epoch.
            loss_fn: the loss where `make` gives None for it.
            task: classification, multilabel, tagging, regression, generation, contrastive or other.
            classes: how many, where there are classes.
            epochs: how long the training is.
            inputs: the key or index of the inputs in a batch, or a function of the batch; None finds it by looking.
            targets: the same for the targets.
            pad: the token that pads sequences.
            batch_size: how the program takes another batch size; for finders.
            set_rate: how the program takes another learning rate; for finders.
            higher_is_better: whether a larger metric of `validate` is a better one.
            forward: (model, batch) to outputs, where they cannot be seen apart from the step.
            loss: (outputs, batch) to loss, where it cannot be seen apart from the step.
            output: what the loss is given: logits, probabilities, log_probabilities or values.
            causal: whether an output may depend only on the places before it.
            accumulate: how many batches make one update, as you mean it.
            frozen: names of parameters, or their beginnings, that are meant not to learn; true for whatever is frozen.
            pretrained: whether the model begins with learnt weights, or the beginnings of the names of those that do.

        Raises:
            UsageError: something given has no legal value; what is legal is said.
        """
        calls: dict[str, Any] = {
            "make": make,
            "step": step,
            "validate": validate,
            "epoch_end": epoch_end,
            "set_rate": set_rate,
        }
        calls |= {"forward": forward, "loss": loss}
        for name, call in calls.items():
            if not callable(call) and (name == "make" or call is not None):
                raise UsageError(
                    f"{name}={call!r}", legal="it is a function", remedy=f"give {name} the function itself"
                )
        counts: dict[str, Any] = {"classes": classes, "epochs": epochs, "accumulate": accumulate}
        for name, count in counts.items():
            if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
                raise UsageError(f"{name}={count!r}", legal="it is a whole number of 1 or more, or None")
        return Program(
            make=make,
            step=step,
            validate=validate,
            epoch_end=epoch_end,
            loss_fn=loss_fn,
            task=_one_of(Kind, "task", task),
            classes=classes,
            epochs=epochs,
            inputs=inputs,
            targets=targets,
            pad=pad,
            batch_size=batch_size,
            set_rate=set_rate,
            higher_is_better=higher_is_better,
            forward=forward,
            loss=loss,
            output=None if output is None else _one_of(OutputKind, "output", output),
            causal=causal,
            accumulate=accumulate,
            frozen=frozen if isinstance(frozen, bool) else tuple(frozen),
            pretrained=pretrained if isinstance(pretrained, bool) else tuple(pretrained),
        )

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(source)}" for name, source in self.splits.items())
        return f"Pipeline({self.task.name}; {sizes})"


Word = TypeVar("Word", bound=StrEnum)


def _one_of(words: type[Word], name: str, given: str) -> Word:
    try:
        return words(given)
    except ValueError:
        raise UsageError(
            f"{name}={given!r}",
            legal=f"it is one of {', '.join(words)}",
            remedy="take `other` if none fits" if "other" in list(words) else "leave it out to have it seen",
        ) from None
