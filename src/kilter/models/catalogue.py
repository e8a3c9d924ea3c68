"""Models by name: kilter's own, and a person's as `package.module:callable`."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kilter.models.bag import Bag
from kilter.models.cnn import Cnn
from kilter.models.initialisation import initialise
from kilter.models.mlp import Mlp
from kilter.models.recurrent import Recurrent
from kilter.models.textcnn import TextCnn
from kilter.models.transformer import Transformer
from kilter.values.errors import Fault, RecipeError
from kilter.values.recipe import ModelChoice
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from torch import nn

    from kilter.values.inputs import Inputs

Build = Callable[..., "nn.Module"]

_IN_ORDER: Final = ("gru", "lstm", "textcnn", "transformer")
_TEXTS: Final = ("bag", *_IN_ORDER)

MODELS: Final[Mapping[str, Build]] = MappingProxyType(
    {
        "bag": Bag,
        "cnn": Cnn,
        "gru": partial(Recurrent, cell="gru"),
        "lstm": partial(Recurrent, cell="lstm"),
        "mlp": Mlp,
        "textcnn": TextCnn,
        "transformer": Transformer,
    }
)
"""Name to builder; a builder's keyword-only parameters are the model's arguments."""

_READS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"cnn": ("image",), "mlp": ("numbers", "categories", "image"), **dict.fromkeys(_TEXTS, ("tokens",))}
)
"""What a model is for, one of them at least; columns beside it are read by all."""


def resolve(choice: ModelChoice, inputs: Inputs) -> ModelChoice:
    """The choice with `auto` turned into a name, and every argument written out.

    Raises:
        RecipeError: a name or an argument that nobody reads, or a model that cannot take these inputs.
    """
    name = _suited(inputs) if choice.name == "auto" else choice.name
    if ":" in name:
        return ModelChoice(name=name, **choice.arguments)
    if name not in MODELS:
        legal = f"{nearest(name, MODELS)}; one's own is 'package.module:callable'"
        raise RecipeError(f"model.name = {name!r}", legal=legal)
    defaults = _arguments(MODELS[name])
    faults = [
        Fault(met=f"model.{key}", legal=f"unknown argument of {name!r}; {nearest(key, defaults)}")
        for key in choice.arguments
        if key not in defaults
    ]
    wanted = _READS[name]
    if not set(wanted) & set(inputs.names):
        legal = f"it reads {' or '.join(wanted)}, and the data have none"
        faults.append(Fault(met=f"model.name = {name!r}", legal=legal))
    unread = set(inputs.names) - {"numbers", "categories", "mask", *wanted}
    if unread:
        said = f"it does not read {', '.join(sorted(unread))}"
        faults.append(Fault(met=f"model.name = {name!r}", legal=said, remedy="ignore those columns, or bring a model"))
    if name in _IN_ORDER and not inputs.ordered:
        said = "it reads tokens in their order, and a bag of n-grams has none"
        faults.append(
            Fault(met=f"model.name = {name!r}", legal=said, remedy="use `preprocessing.unit: word`, or `bag`")
        )
    if faults:
        raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the choice of a model", faults=faults)
    return ModelChoice(name=name, **{**defaults, **choice.arguments})


def make_factory(choice: ModelChoice, inputs: Inputs, outputs: int) -> Callable[[], nn.Module]:
    """A function that makes a fresh model, its weights drawn from the global random state.

    Raises:
        RecipeError: as `resolve`; or a person's own callable that cannot be found or called.
    """
    resolved = resolve(choice, inputs)
    own = ":" in resolved.name
    build = _own(resolved, inputs, outputs) if own else partial(MODELS[resolved.name], inputs, outputs)
    arguments = {key: _plain(value) for key, value in resolved.arguments.items()}

    def factory() -> nn.Module:
        model = build(**arguments)
        if not own:
            initialise(model)
        return model

    try:
        factory()
    except Exception as error:  # a person's own may raise anything
        raise RecipeError(
            f"model {resolved.name!r} cannot be made with {resolved.arguments}: {type(error).__name__}: {error}",
            remedy="look at the arguments under `model:`",
        ) from error
    return factory


def _suited(inputs: Inputs) -> str:
    if inputs.image is not None:
        return "cnn"
    if inputs.vocabulary:
        return "textcnn" if inputs.ordered else "bag"
    return "mlp"


def _arguments(build: Build) -> dict[str, Any]:
    fixed = build.keywords if isinstance(build, partial) else {}
    parameters = [p for p in inspect.signature(build).parameters.values() if p.name not in fixed]
    return {p.name: _listed(p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _own(choice: ModelChoice, inputs: Inputs, outputs: int) -> Build:
    """A person's callable, given those sizes that its parameters name."""
    module, _, name = choice.name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = getattr(importlib.import_module(module), name)
        parameters = inspect.signature(found).parameters
    except Exception as error:  # a person's module may raise anything
        raise RecipeError(
            f"model.name = {choice.name!r} cannot be imported: {type(error).__name__}: {error}",
            legal="'package.module:callable', importable from here",
            remedy="run kilter where your package is, or install it",
        ) from error
    sizes = {
        "inputs": inputs,
        "outputs": outputs,
        "vocabulary": inputs.vocabulary,
        "longest": inputs.longest,
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
