"""Reading data into pydantic models, with every fault said in kilter's three parts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, TypeVar, final, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)

_BOUNDS: Final = {
    "greater_than_equal": "must be {} or more",
    "greater_than": "must be more than {}",
    "less_than_equal": "must be {} or less",
    "less_than": "must be less than {}",
}
_SORTS: Final = {
    "bool": "must be true or false",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite_number": "must be a finite number",
    "string": "must be text",
    "list": "must be a list",
    "tuple": "must be a list",
    "dict": "must be a section of keys and values",
    "mapping": "must be a section of keys and values",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PathFault:
    """A fault at a place in nested data: the keys that lead there, what was met, what is legal."""

    path: tuple[str | int, ...]
    met: str
    legal: str

    @property
    def dotted(self) -> str:
        """The path as people write it: `optimizer.learning_rate`."""
        return ".".join(str(part) for part in self.path)


def validate(model: type[Model], data: Mapping[str, object]) -> Model | tuple[PathFault, ...]:
    """The model that the data describe, or all that is wrong with them."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        return _together(_fault(detail, model, data) for detail in error.errors(include_url=False))


def nearest(word: str, legal: Iterable[str]) -> str:
    """A hint at what was probably meant, or all that is legal.

    >>> nearest("lerning_rate", ["learning_rate", "name"])
    "did you mean 'learning_rate'?"
    >>> nearest("lr", ["learning_rate", "name"])
    "did you mean 'learning_rate'?"
    """
    legal = list(legal)
    initials = [name for name in legal if "".join(part[:1] for part in name.split("_")) == word and len(word) > 1]
    close = initials or get_close_matches(word, legal, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"legal are {', '.join(sorted(legal))}"


def _together(faults: Iterable[PathFault]) -> tuple[PathFault, ...]:
    """One fault a value: where a number or a word is legal, pydantic has a fault for either."""
    found: dict[tuple[tuple[str | int, ...], str], PathFault] = {}
    for fault in faults:
        place = (fault.path, fault.met)
        legal = fault.legal.removeprefix("legal are ")
        found[place] = replace(found[place], legal=f"{found[place].legal}, or {legal}") if place in found else fault
    return tuple(found.values())


def _fault(detail: ErrorDetails, model: type[BaseModel], data: Mapping[str, object]) -> PathFault:
    path, at = _path(detail["loc"], data)
    dotted = ".".join(str(part) for part in path)
    kind = detail["type"]
    context = detail.get("ctx", {})
    message = detail["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return PathFault(path=path, met=dotted, legal=f"unknown key; {_hint(detail['loc'], model, path)}")
    if kind == "missing":
        return PathFault(path=path, met=f"{dotted} is missing", legal="it must be given")
    if kind == "union_tag_invalid":
        legal = nearest(str(context.get("tag")), _quoted(context.get("expected_tags")))
        return PathFault(path=(*path, "name"), met=f"{dotted}.name = {context.get('tag')!r}", legal=legal)
    if kind == "literal_error":
        legal = nearest(at, _quoted(context.get("expected"))) if isinstance(at, str) else _listed(context)
    elif kind in _BOUNDS:
        legal = _BOUNDS[kind].format(next(iter(context.values())))
    elif kind in {"model_type", "model_attributes_type"}:
        names = _place(model, detail["loc"])[0]
        legal = f"must be a section with keys of {', '.join(sorted(_fields(names)))}"
    else:
        sort = kind if kind in _SORTS else kind.removesuffix("_type").removesuffix("_parsing").removesuffix("_from")
        legal = _SORTS.get(sort, message[:1].lower() + message[1:])
    if not dotted:
        return PathFault(path=path, met=message, legal="")
    return PathFault(path=path, met=f"{dotted} = {_shown(at)}", legal=legal)


def _shown(given: object) -> str:
    """What was met, as YAML spells it, so that it is found again in the file."""
    if given is None or isinstance(given, bool):
        return {None: "null", True: "true", False: "false"}[given]
    shown = repr(given)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _quoted(listed: object) -> list[str]:
    return re.findall(r"'([^']*)'", str(listed))


def _listed(context: Mapping[str, object]) -> str:
    return f"legal are {', '.join(_quoted(context.get('expected')))}"


def _path(loc: tuple[int | str, ...], data: object) -> tuple[tuple[str | int, ...], object]:
    """Keys without the tags that pydantic adds for unions, and what stands there."""
    path: list[str | int] = []
    for number, part in enumerate(loc):
        last = number == len(loc) - 1
        if isinstance(data, Mapping):
            if part in data:
                path.append(part)
                data = data[part]
            elif last:
                path.append(part)
                data = None
        elif isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
            path.append(part)
            data = data[part]
    return tuple(path), data


def _hint(loc: tuple[int | str, ...], model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    """What an unknown key was probably meant to be, here, in a sibling of this kind, or elsewhere in the whole."""
    word = str(path[-1])
    here, siblings = _place(model, loc[:-1])
    owners = [name for name, sibling in siblings.items() if word in sibling.model_fields]
    if owners:
        kind = ".".join(str(part) for part in (*path[:-1], "name"))
        return f"it belongs to {owners[0]!r}; give {kind}: {owners[0]}, or leave it out"
    elsewhere = [found for found in _leaves(model, "") if word in {found.split(".")[-1], found.replace(".", "_")}]
    if elsewhere:
        return f"did you mean {elsewhere[0]!r}?"
    return nearest(word, _fields(here))


def _place(
    model: type[BaseModel], loc: tuple[int | str, ...]
) -> tuple[list[type[BaseModel]], dict[str, type[BaseModel]]]:
    """The models that may stand at a place, and by name those that might have been chosen instead."""
    kinds: list[type[BaseModel]] = [model]
    siblings: dict[str, type[BaseModel]] = {}
    for part in loc:
        inner = [kind.model_fields[part].annotation for kind in kinds if part in kind.model_fields]
        if inner:
            kinds, siblings = [found for annotation in inner for found in _models(annotation)], {}
        else:  # a tag that pydantic adds: the one of these that was chosen
            named = {str(kind.model_fields["name"].default): kind for kind in kinds if "name" in kind.model_fields}
            if part in named:
                kinds, siblings = [named[str(part)]], {name: kind for name, kind in named.items() if name != part}
    return kinds, siblings


def _fields(models: Iterable[type[BaseModel]]) -> list[str]:
    return [name for model in models for name in model.model_fields]


def _leaves(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = _models(field.annotation)
        if not inner:
            yield f"{prefix}{name}"
        for kind in inner:
            yield from _leaves(kind, f"{prefix}{name}.")


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
