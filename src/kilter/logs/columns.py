"""Which column of a log is which curve: by its name, or because somebody says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, final

from kilter.logs.column_words import STEPS, Meaning, meaning
from kilter.values.curve_names import EPOCH, LEARNING_RATE, SECONDS, TRAIN_LOSS, VALID_LOSS, direction
from kilter.values.errors import UsageError
from kilter.values.frozen_map import FrozenMap

_ONLY_IN_TRAINING: Final = frozenset({TRAIN_LOSS, LEARNING_RATE, EPOCH, SECONDS})
_COSTS: Final = frozenset(
    {"nll", "mse", "mae", "rmse", "pinball", "ce", "bce", "xent", "cross_entropy", "crossentropy", "cost"}
)
"""What is minimised under a name of its own, where nothing is called a loss."""
_FEWEST_TESTS: Final = 3
"""Points from which on a curve of the test split is one of a training under way, not its end."""
_SAID: Final = 4
"""Names that a sentence lists."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the columns of a log are.

    Attributes:
        steps: the column that counts optimizer steps; empty where there is none.
        curves: of each other column, the name of its curve; its own where it was not recognised.
        taken: of each curve that was recognised, and of the steps, the column.
        notes: what was ambiguous and how it was decided, a sentence each.
    """

    steps: str = ""
    curves: Mapping[str, str] = field(default_factory=dict[str, str])
    taken: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "curves", FrozenMap(self.curves))
        object.__setattr__(self, "taken", FrozenMap(self.taken))


def recognise(points: Mapping[str, int], chosen: Mapping[str, str] | None = None) -> Columns:
    """What the columns of a log are, said with all that was ambiguous.

    >>> columns = recognise({"epoch": 9, "loss": 9, "val_loss": 9})
    >>> dict(columns.curves)
    {'epoch': 'train.epoch', 'loss': 'train.loss', 'val_loss': 'valid.loss'}

    Args:
        points: of each column, how many values it has.
        chosen: of curves, as `curve_of` gives them, the column that somebody wants for it.
    """
    chosen = {curve: name for curve, name in (chosen or {}).items() if name in points}
    meanings = {name: meaning(name) for name in points if name not in chosen.values()}
    taken = dict(chosen)
    notes: list[str] = []
    for curve, names in _candidates(meanings).items():
        best = min(names, key=lambda name: (points[name] < 2, not meanings[name].split, meanings[name].rank))
        if curve in taken:
            continue
        taken[curve] = best
        if others := [name for name in names if name != best]:
            notes.append(_said_of_several(curve, best, others))
    notes += _only_losses(meanings, taken)
    notes += _tests_as_validation(points, taken)
    notes += _of_no_split(meanings, taken)
    if points and not notes and not any(curve == TRAIN_LOSS or curve.startswith("valid.") for curve in taken):
        notes.append("No column is recognised as a loss; `--column train_loss=NAME` would say which one is.")
    steps = taken.get(STEPS, "")
    called = {name: curve for curve, name in taken.items()}
    curves = {name: called.get(name) or _apart(name, taken) for name in points if name != steps}
    return Columns(steps=steps, curves=curves, taken=taken, notes=tuple(notes))


def curve_of(text: str) -> str:
    """The curve that somebody means: `train_loss`, `val/loss` and `train.loss` are one.

    >>> curve_of("train_loss"), curve_of("val_acc"), curve_of("lr"), curve_of("step")
    ('train.loss', 'valid.accuracy', 'train.learning_rate', 'step')

    Raises:
        UsageError: it names no curve.
    """
    found = meaning(text)
    curve = STEPS if found.quantity == STEPS else _curve(found)
    if not curve:
        raise UsageError(
            f"{text!r} names no curve",
            legal="step, epoch, learning_rate, gradient_norm, or a split and a quantity: train_loss, valid_accuracy",
            remedy=f"say train_{text} or valid_{text}",
        )
    return curve


def chosen_columns(columns: Mapping[str, str]) -> dict[str, str]:
    """Somebody's choice by the curves' own names.

    Raises:
        UsageError: what names no curve, or one curve or one column named twice.
    """
    chosen: dict[str, str] = {}
    for text, name in columns.items():
        curve = curve_of(text)
        if curve in chosen or name in chosen.values():
            twice = curve if curve in chosen else name
            raise UsageError(
                f"{twice!r} is chosen twice", legal="one column for a curve, one curve for a column", remedy="leave one"
            )
        chosen[curve] = name
    return chosen


def _curve(found: Meaning) -> str:
    if found.curve:
        return found.curve
    if found.split:
        return f"{found.split}.{found.quantity}" if found.quantity else ""
    return TRAIN_LOSS if found.quantity == "loss" else ""


def _candidates(meanings: Mapping[str, Meaning]) -> dict[str, list[str]]:
    """Curves with the columns that may be them; a quantity without a split is that of training where another has one.

    Keras calls what it measures in training `accuracy`, and the same in validation `val_accuracy`.
    """
    held_out = {found.quantity for found in meanings.values() if found.split in {"valid", "test"}}
    said = {found.quantity for found in meanings.values() if found.split == "train"}
    candidates: dict[str, list[str]] = {}
    for name, found in meanings.items():
        curve = STEPS if found.quantity == STEPS else _curve(found)
        if not curve and found.quantity in held_out and found.quantity not in said:
            curve = f"train.{found.quantity}"
        if curve:
            candidates.setdefault(curve, []).append(name)
    return candidates


def _only_losses(meanings: Mapping[str, Meaning], taken: dict[str, str]) -> list[str]:
    """Take the only column of a split that is minimised; where there are several, say so and take none."""
    notes: list[str] = []
    several = False
    for split, curve in (("train", TRAIN_LOSS), ("valid", VALID_LOSS)):
        if curve in taken:
            continue
        of_split = {name: found for name, found in meanings.items() if found.split == split and found.curve != curve}
        losses = [name for name, found in of_split.items() if "loss" in found.quantity.split("_")]
        losses = losses or [name for name, found in of_split.items() if found.quantity in _COSTS]
        if len(losses) == 1 and not several:
            for other in [known for known, name in taken.items() if name == losses[0]]:
                del taken[other]
            taken[curve] = losses[0]
            notes.append(f"{losses[0]} is taken for {curve}: it is the only one of its split that is minimised.")
        elif losses:
            several = True  # a part in training and another in validation would be held against each other
            notes.append(
                f"Which of {_listed(losses)} is {curve} is not said; `--column {curve}={losses[0]}` would say it."
            )
    return notes


def _tests_as_validation(points: Mapping[str, int], taken: dict[str, str]) -> list[str]:
    """Take a test split that was looked at all through training for what it is: the validation split."""
    if any(curve.startswith("valid.") and points[name] > 1 for curve, name in taken.items()):
        return []
    tests = {curve: name for curve, name in taken.items() if curve.startswith("test.")}
    looks = max((points[name] for name in tests.values()), default=0)
    if looks < _FEWEST_TESTS:
        return []
    for curve, name in tests.items():
        del taken[curve]
        taken[f"valid.{curve.removeprefix('test.')}"] = name
    names = _listed(list(tests.values()))
    said = f"{names}: the test split was looked at {looks:,} times in training and nothing else was held out"
    return [f"{said}, so that it is read as validation."]


def _of_no_split(meanings: Mapping[str, Meaning], taken: Mapping[str, str]) -> list[str]:
    """Say which scores do not tell whether they are of training or of validation."""
    names = set(taken.values())
    mute = [name for name, found in meanings.items() if not found.split and not found.curve and name not in names]
    scores = [name for name in mute if direction(meanings[name].quantity) and meanings[name].quantity != "loss"]
    if not scores:
        return []
    remedy = f"`--column valid_{meanings[scores[0]].quantity}={scores[0]}` would say it"
    return [f"{_listed(scores)}: of which split is not said, so that it is not judged; {remedy}."]


def _said_of_several(curve: str, best: str, others: list[str]) -> str:
    what = "the steps" if curve == STEPS else curve
    return f"{best} is taken for {what}, not {_listed(others)}; `--column {curve}={others[0]}` would change that."


def _apart(name: str, taken: Mapping[str, str]) -> str:
    """A column's own name; marked where a curve bears it already."""
    return f"{name} (left aside)" if name in taken else name


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SAID} more" if len(names) > _SAID else ""
    return f"{', '.join(names[:_SAID])}{more}"
