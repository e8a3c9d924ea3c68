"""A pipeline: the live things of a training. Checks, finders and fit all take one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, final

from kilter.values.frozen_map import FrozenMap
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

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(source)}" for name, source in self.splits.items())
        return f"Pipeline({self.task.name}; {sizes})"
