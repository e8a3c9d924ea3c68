"""Values given on the command line, `--set optimizer.learning_rate=3e-4`, laid over what a file says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, final

from kilter.project.located import read_scalar
from kilter.project.sought import AUTO, BATCH_SIZE, SHORT, SOUGHT
from kilter.values.errors import Fault

_BY_NAME: Final = ("model", "optimizer", "schedule")  # sections whose keys depend on their name
_EITHER: Final = {"batch.size": "tokens", "batch.tokens": "size"}  # one takes the other's place


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One value for one dotted path."""

    path: tuple[str, ...]
    value: object
    said: str  # as it was typed

    @property
    def dotted(self) -> str:
        """The path as it is typed."""
        return ".".join(self.path)

    @property
    def leaves_open(self) -> bool:
        """Whether the value is to be found."""
        return self.value == AUTO and self.dotted in SOUGHT


def read_overrides(said: Iterable[str]) -> tuple[tuple[Override, ...], tuple[Fault, ...]]:
    """Overrides from `key.sub=value`, values typed as in YAML, and what is wrong with them.

    >>> read_overrides(["train.seed=3"])[0]
    (Override(path=('train', 'seed'), value=3, said='train.seed=3'),)

    `batch=auto` and `lr=auto` stand for the paths that they are short for.
    """
    overrides: dict[str, Override] = {}
    faults: list[Fault] = []
    for text in said:
        key, equals, value = text.partition("=")
        where = f"--set {text}"
        path = tuple(key.strip().split("."))
        if not equals or not all(path):
            faults.append(Fault(where=where, met="no value for a key", legal="say `--set key.sub=value`"))
            continue
        try:
            override = Override(path=path, value=read_scalar(value), said=text)
        except ValueError as error:
            faults.append(Fault(where=where, met=f"the value {value!r}", legal=str(error)))
            continue
        if override.value == AUTO and override.dotted in SHORT:
            override = Override(path=tuple(SHORT[override.dotted].split(".")), value=AUTO, said=text)
        if override.dotted in overrides:
            faults.append(Fault(where=where, met=override.dotted, legal="it is set twice", remedy="leave one out"))
        overrides[override.dotted] = override
    tokens = overrides.get("batch.tokens")
    if tokens is not None and BATCH_SIZE in overrides and overrides[BATCH_SIZE].leaves_open:
        met = "batch.tokens beside batch.size=auto"
        faults.append(Fault(where=f"--set {tokens.said}", met=met, legal="one of them decides", remedy="leave one out"))
    return tuple(overrides.values()), tuple(faults)


def lay_over(data: Mapping[str, object], overrides: Iterable[Override]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The data with the overrides in their places; the data stay as they are.

    Another `name` of a model, an optimizer or a schedule drops the keys that the old one had, and a batch's size
    takes the place of its tokens, as in `Recipe.replace`.
    """
    laid: dict[str, Any] = deepcopy(dict(data))
    faults: list[Fault] = []
    # Names first: whoever sets a name and a key of it means both, in whatever order.
    for override in sorted(overrides, key=lambda override: override.path[-1] != "name"):
        *parents, last = override.path
        place = laid
        for depth, parent in enumerate(parents):
            inner = place.get(parent)
            if isinstance(inner, str) and depth == 0 and parent in _BY_NAME:
                inner = {"name": inner}
            if inner is None:
                inner = {}
            if not isinstance(inner, dict):
                dotted = ".".join(parents[: depth + 1])
                faults.append(
                    Fault(where=f"--set {override.said}", met=f"{dotted} = {inner!r}", legal="it has no keys inside")
                )
                break
            place[parent] = inner
            place = inner
        else:
            if parents and parents[0] in _BY_NAME and last == "name" and place.get("name") != override.value:
                place.clear()
            if override.dotted in _EITHER:
                place.pop(_EITHER[override.dotted], None)
            place[last] = override.value
    return laid, tuple(faults)
