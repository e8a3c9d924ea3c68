"""Reading data into pydantic models, with every fault said in kilter's three parts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar, final, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)


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
        return tuple(_fault(detail, model, data) for detail in error.errors(include_url=False))


def nearest(word: str, legal: Iterable[str]) -> str:
    """A hint at what was probably meant, or all that is legal.

    >>> nearest("lerning_rate", ["learning_rate", "name"])
    "did you mean 'learning_rate'?"
    """
    legal = list(legal)
    close = get_close_matches(word, legal, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"legal are {', '.join(sorted(legal))}"


def _fault(detail: ErrorDetails, model: type[BaseModel], data: Mapping[str, object]) -> PathFault:
    path, at = _path(detail["loc"], data)
    dotted = ".".join(str(part) for part in path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        names = _fields_at(model, path[:-1], data)
        return PathFault(path=path, met=dotted, legal=f"unknown key; {nearest(str(path[-1]), names)}")
    if kind == "missing":
        return PathFault(path=path, met=f"{dotted} is missing", legal="it must be given")
    message = detail["msg"].removeprefix("Value error, ")
    if kind == "union_tag_invalid":
        context = detail.get("ctx", {})
        legal = f"legal are {context.get('expected_tags', '')}"
        return PathFault(path=(*path, "name"), met=f"{dotted}.name = {context.get('tag')!r}", legal=legal)
    if kind in {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}:
        bound = next(iter(detail.get("ctx", {}).values()))
        word = {
            "greater_than_equal": "or more",
            "less_than_equal": "or less",
            "greater_than": "at least (not included)",
            "less_than": "at most (not included)",
        }[kind]
        return PathFault(path=path, met=f"{dotted} = {at!r}", legal=f"must be {bound} {word}")
    if not dotted:
        return PathFault(path=path, met=message, legal="")
    return PathFault(path=path, met=f"{dotted} = {at!r}", legal=message[:1].lower() + message[1:])


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


def _fields_at(model: type[BaseModel], path: tuple[str | int, ...], data: object) -> list[str]:
    """Names that are legal at a path, the tag of a union taken from the data."""
    kinds: list[type[BaseModel]] = [model]
    for part in path:
        data = data.get(part) if isinstance(data, Mapping) else None
        kinds = [
            inner
            for kind in kinds
            if isinstance(part, str) and part in kind.model_fields
            for inner in _models(kind.model_fields[part].annotation)
        ]
    chosen = data.get("name") if isinstance(data, Mapping) else None
    tagged = [kind for kind in kinds if "name" in kind.model_fields and kind.model_fields["name"].default == chosen]
    return [name for kind in (tagged or kinds) for name in kind.model_fields]


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
