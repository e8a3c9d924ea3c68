"""A person's own objects: `package.module:callable`; a model is given those sizes that its parameters name."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kilter.values.errors import Fault, RecipeError
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from kilter.models.arguments import Build
    from kilter.values.inputs import Inputs
    from kilter.values.recipe import ModelChoice
    from kilter.values.task import Form


def own_builder(choice: ModelChoice, inputs: Inputs, outputs: int, form: Form) -> Build:
    """The callable, with the sizes it asks for: `inputs`, `outputs`, `form`, and each size of `inputs` by its name.

    Raises:
        RecipeError: it cannot be imported, or does not take what is given.
    """
    found = imported(choice.name, setting="model.name")
    parameters = inspect.signature(found).parameters
    sizes = {
        "inputs": inputs,
        "outputs": outputs,
        "form": form,
        "vocabulary": inputs.vocabulary,
        "longest": inputs.longest,
        "texts": inputs.texts,
        "characters": inputs.characters,
        "answers": inputs.answers,
        "numbers": inputs.numbers,
        "categories": inputs.categories,
        "image": inputs.image,
    }
    accepts_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    unknown = [key for key in choice.arguments if key not in parameters and not accepts_all]
    if unknown:
        faults = [Fault(met=f"model.{key}", legal=f"unknown; {nearest(key, parameters)}") for key in unknown]
        raise RecipeError(f"{choice.name} does not take all that is given under `model:`", faults=faults)
    given = {key: value for key, value in sizes.items() if key in parameters and key not in choice.arguments}
    return partial(found, **given)


def imported(name: str, *, setting: str) -> Callable[..., Any]:
    """What a setting names as `package.module:callable`, imported from here or from where packages are installed.

    Raises:
        RecipeError: it cannot be imported, or is nothing that can be called.
    """
    module, _, attribute = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
        inspect.signature(found)
    except Exception as error:  # a person's module may raise anything
        raise RecipeError(
            f"{setting} = {name!r} cannot be imported: {type(error).__name__}: {error}",
            legal="'package.module:callable', importable from here",
            remedy="run kilter where your package is, or install it",
        ) from error
    return found
