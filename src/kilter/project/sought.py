"""Numbers that a project leaves to be found: `batch: auto` and `lr: auto`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from kilter.values.errors import Fault
from kilter.values.finding import Skipped

if TYPE_CHECKING:
    from kilter.values.recipe import Recipe

AUTO: Final = "auto"
BATCH_SIZE: Final = "batch.size"
RATE: Final = "optimizer.learning_rate"
SOUGHT: Final = (BATCH_SIZE, RATE)
"""What may be left to be found, in the order of finding: the rate is that of the batches."""

STAGE_OF: Final[Mapping[str, str]] = {BATCH_SIZE: "batch-size", RATE: "learning-rate"}
"""What may be left to be found, to the stage that finds it."""

SHORT: Final[Mapping[str, str]] = {"batch": BATCH_SIZE, "lr": RATE}
"""Keys at the top of a project file that may stand in their place, `auto` being all that is said of them there."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """What a project file says, and what it leaves to be found.

    Attributes:
        data: the file's, without `auto`.
        paths: dotted paths of what is to be found, in the order of finding.
        faults: what cannot be meant, each with the keys where it stands.
    """

    data: Mapping[str, object]
    paths: tuple[str, ...]
    faults: tuple[tuple[tuple[str, ...], Fault], ...] = ()


def take_out(data: Mapping[str, object]) -> Parted:
    """Take out of a project file's data what it leaves to be found.

    >>> parted = take_out({"batch": "auto", "optimizer": "sgd", "lr": "auto"})
    >>> parted.paths, parted.data
    (('batch.size', 'optimizer.learning_rate'), {'batch': {}, 'optimizer': 'sgd'})
    """
    kept = dict(data)
    paths = set[str]()
    faults: list[tuple[tuple[str, ...], Fault]] = []
    if "lr" in kept:
        given, optimizer = kept.pop("lr"), kept.get("optimizer")
        if given != AUTO:
            legal = "auto, which has it found; a rate that is known stands under optimizer, as learning_rate"
            faults.append((("lr",), Fault(met=f"lr = {given!r}", legal=legal)))
        elif isinstance(optimizer, Mapping) and optimizer.get("learning_rate", AUTO) != AUTO:
            faults.append((("lr",), _twice("lr: auto beside optimizer.learning_rate")))
        else:
            paths.add(RATE)
    if kept.get("batch") == AUTO:
        kept["batch"] = {}
        paths.add(BATCH_SIZE)
    for path in SOUGHT:
        section, key = path.split(".")
        values: Any = kept.get(section)
        if isinstance(values, Mapping) and values.get(key) == AUTO:
            kept[section] = {name: value for name, value in values.items() if name != key}
            paths.add(path)
    batch = kept.get("batch")
    if BATCH_SIZE in paths and isinstance(batch, Mapping) and batch.get("tokens") is not None:
        faults.append((("batch", "tokens"), _twice("batch.size: auto beside batch.tokens")))
    return Parted(data=kept, paths=tuple(path for path in SOUGHT if path in paths), faults=tuple(faults))


def without(data: Mapping[str, object], paths: Iterable[str]) -> dict[str, Any]:
    """Data without what they say at dotted paths, and of a batch without the tokens that would decide its size.

    >>> without({"batch": {"tokens": 512, "pool": 9}}, ["batch.size"])
    {'batch': {'pool': 9}}
    """
    kept: dict[str, Any] = dict(data)
    for path in paths:
        section, key = path.split(".")
        values = kept.get(section)
        if isinstance(values, Mapping):
            dropped = {key, "tokens"} if path == BATCH_SIZE else {key}
            kept[section] = {name: value for name, value in values.items() if name not in dropped}
    return kept


def left_open(paths: Iterable[str], recipe: Recipe) -> tuple[Skipped, ...]:
    """What is to be found later, and which default stands in its place until then."""
    batch = recipe.batch
    until = {
        BATCH_SIZE: f"batches of {batch.size} rows" if batch.tokens is None else f"batches of {batch.tokens} tokens",
        RATE: f"a learning rate of {recipe.optimizer.learning_rate:g}",
    }
    return tuple(
        Skipped(
            name=STAGE_OF[path], reason=f"{path} is found before the training; until then its default: {until[path]}"
        )
        for path in paths
    )


def _twice(met: str) -> Fault:
    return Fault(met=met, legal="one of them decides", remedy="leave one out")
