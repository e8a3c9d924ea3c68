"""The recipe where a project file says nothing: one that is decent, not one that is best."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kilter.models.catalogue import resolve
from kilter.values.recipe import Recipe

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs
    from kilter.values.recipe import ModelChoice


_DEFAULT_KINDS: Final = MappingProxyType({"optimizer": Recipe().optimizer.name, "schedule": Recipe().schedule.name})


def default_sections(choice: ModelChoice, inputs: Inputs, rows: int) -> dict[str, Any]:
    """Sections of a recipe for a model over these inputs, as a project file would say them.

    Lengths are in epochs and shrink as the rows grow, so that small sets are not underfitted and large ones end in
    minutes; early stopping takes the best evaluation anyway.

    Args:
        choice: the model, possibly `auto`.
        inputs: the sizes of the inputs.
        rows: of the training split.
    """
    if ":" in choice.name:
        return {}
    name = resolve(choice, inputs).name
    epochs = min(60, max(8, round(400_000 / max(1, rows))))
    tuned: dict[str, dict[str, Any]] = {
        "mlp": {
            "batch": {"size": 64 if rows < 5_000 else 256},
            "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.05},
            "train": {"length": f"{epochs}ep"},
            "stop": {"patience": 12},
        },
        "cnn": {
            "batch": {"size": 64},
            "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.05},
            "train": {"length": f"{min(epochs, 12)}ep"},
            "stop": {"patience": 5},
        },
        "bag": {
            "batch": {"size": 64},
            "optimizer": {"learning_rate": 1e-2},
            "train": {"length": f"{min(epochs, 20)}ep"},
            "stop": {"patience": 4},
        },
    }
    texts: dict[str, Any] = {
        "batch": {"tokens": max(1024, 2 * inputs.longest)},
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.05},
        "train": {"length": f"{min(epochs, 12)}ep"},
        "stop": {"patience": 4},
    }
    return tuned.get(name, texts)


def default_recipe(
    choice: ModelChoice, inputs: Inputs, rows: int, given: dict[str, Any], *, evaluated: bool = True
) -> Recipe:
    """The whole recipe: what is given, and for all else the default of the model over these inputs.

    Args:
        choice: the model, possibly `auto`.
        inputs: the sizes of the inputs.
        rows: of the training split.
        given: sections and what was said in them.
        evaluated: whether there is a validation split; without one no default stops early, since nothing could.

    Raises:
        RecipeError: what is given is not legal.
    """
    sections = default_sections(choice, inputs, rows)
    merged = {name: dict(values) for name, values in sections.items() if evaluated or name != "stop"}
    for name, values in given.items():
        kind = values if isinstance(values, str) else values.get("name")
        if kind is not None and kind != _DEFAULT_KINDS.get(name, kind):
            merged[name] = {}  # another optimizer or schedule has defaults of its own
        either = {"size", "tokens"} & set(values) if name == "batch" else set()
        kept = {key: value for key, value in merged.get(name, {}).items() if not (either and key in {"size", "tokens"})}
        merged[name] = {**kept, **({"name": values} if isinstance(values, str) else values)}
    merged["model"] = resolve(choice, inputs).model_dump(mode="json")
    return Recipe.read(merged)
