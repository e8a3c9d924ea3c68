"""The arguments of a model: what its signature says is legal, against what a project file gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, get_type_hints

from pydantic import ConfigDict, Field, create_model

from kilter.values.errors import Fault
from kilter.values.validation import validate

if TYPE_CHECKING:
    from torch import nn

Build = Callable[..., "nn.Module"]

Count: TypeAlias = Annotated[int, Field(ge=1)]
"""An argument that counts what there must be one of at least."""

Whole: TypeAlias = Annotated[int, Field(ge=0)]
"""An argument that counts what there may be none of."""

Share: TypeAlias = Annotated[float, Field(ge=0, lt=1)]
"""An argument that says how much is left out."""

DECIDED: Final = ("form",)
"""Keyword-only parameters of builders that the task decides, so that no file gives them."""

_STRICT: Final = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


def defaults_of(build: Build) -> dict[str, Any]:
    """A builder's keyword-only parameters and their defaults; tuples as lists, as a file has them."""
    fixed = {*DECIDED, *(build.keywords if isinstance(build, partial) else ())}
    parameters = [p for p in inspect.signature(build).parameters.values() if p.name not in fixed]
    return {p.name: listed(p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}


def faults_in(build: Build, given: Mapping[str, Any], *, beside: Mapping[str, Any]) -> list[Fault]:
    """All that is wrong with arguments: unknown ones, and values that the annotations do not allow.

    Args:
        build: a builder whose keyword-only parameters are annotated.
        given: the arguments as a file has them.
        beside: arguments that every model takes, name to annotation and default.
    """
    made = build.func if isinstance(build, partial) else build
    defaults = defaults_of(build)
    annotations = {name: inspect.signature(build).parameters[name].annotation for name in defaults}
    # A class of that module, so that names in annotations are looked up where they were written
    place = type("Hints", (), {"__annotations__": annotations, "__module__": made.__module__})
    hints = get_type_hints(place, include_extras=True)
    fields: dict[str, Any] = {name: (hints[name], unlisted(value)) for name, value in defaults.items()}
    arguments = create_model("Arguments", __config__=_STRICT, **{**fields, **beside})
    whole = create_model("Whole", model=(arguments, ...))
    found = validate(whole, {"model": {name: unlisted(value) for name, value in given.items()}})
    return [Fault(met=fault.met, legal=fault.legal) for fault in found] if isinstance(found, tuple) else []


def listed(value: object) -> object:
    """A tuple as a list, which is what JSON and YAML have; all else as it is."""
    return list(value) if isinstance(value, tuple) else value


def unlisted(value: object) -> object:
    """A list as a tuple, which is what models take; all else as it is."""
    return tuple(value) if isinstance(value, list) else value
