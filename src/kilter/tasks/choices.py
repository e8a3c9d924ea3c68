"""Which losses a task has, which numbers each of them reads, and refusing what would decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kilter.values.errors import Fault, RecipeError
from kilter.values.recipe import LossChoice

USUAL: Final = LossChoice()
"""The usual loss of a task, with its usual numbers."""


def chosen_loss(choice: LossChoice, losses: Mapping[str, tuple[str, ...]], *, task: str) -> str:
    """The loss that a choice means for a task; `auto` is the first.

    Args:
        choice: what the recipe says.
        losses: the losses of the task by name, each with the settings it reads.
        task: whose they are, as in `classification of 3 classes`.

    Raises:
        RecipeError: the task has no such loss, or a setting decides nothing for it; all of that at once.
    """
    name = next(iter(losses)) if choice.name == "auto" else choice.name
    if name not in losses:
        raise RecipeError(
            f"loss.name = {name!r} is no loss of {task}",
            legal=f"legal are {', '.join(losses)}",
            remedy="name one of them, or leave it out",
        )
    legal = f"{name} reads {', '.join(losses[name])}" if losses[name] else f"{name} reads no such setting"
    fields = LossChoice.model_fields
    faults = [
        Fault(met=f"loss.{field} decides nothing for {name}, in {task}", legal=legal, remedy="leave it out")
        for field in fields
        if field != "name" and field not in losses[name] and getattr(choice, field) != fields[field].default
    ]
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the loss", faults=faults)
    return name


def described(choice: LossChoice) -> Mapping[str, object]:
    """A choice as JSON, from which `LossChoice.model_validate` makes it again; what has its default is left out."""
    return choice.model_dump(mode="json", exclude_defaults=True)
