"""Comparing models on the same examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.evaluation.detecting import detectable
from kilter.metrics.clusters import FEWEST as FEWEST_GROUPS
from kilter.metrics.clusters import clustered_difference
from kilter.metrics.power import LEVEL
from kilter.metrics.significance import benjamini_hochberg, holm, mcnemar, paired_difference
from kilter.values.comparison import Comparison, Effort
from kilter.values.errors import UsageError
from kilter.values.predictions import Predictions
from kilter.values.score import Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARE_RIGHT: Final = "share right"  # the mean of merits that are 0 or 1, where nobody said what it is
MEAN_MERIT: Final = "mean merit"
NAMED: Final = 3  # examples that an error names
CORRECTIONS: Final[Mapping[str, Callable[[list[float]], NDArray[np.float64]]]] = MappingProxyType(
    {"Holm": holm, "Benjamini-Hochberg": benjamini_hochberg}
)
"""Of p-values of comparisons made together: for any false claim, and for the share of false among the claims."""


def compare(
    left: Predictions,
    right: Predictions,
    *,
    names: tuple[str, str] = ("left", "right"),
    split: str = "test",
    merit: str | None = None,
    groups: Mapping[str, object] | None = None,
    together: int = 1,
    seed: int = 0,
) -> Comparison:
    """Two models on the same examples: the difference of their mean merits, with a paired interval and a test.

    Where each prediction is either right or wrong (merits of 1 and 0), the test is McNemar's, exact; otherwise signs of
    the differences are permuted. Examples of one group depend on each other: whole groups are then resampled, and the
    models swapped in them. Every example counts once, whatever its weight. Rows may stand in different orders where ids
    tell them apart.

    Args:
        left: predictions of the one model.
        right: those of the other.
        names: of the two models.
        split: on which split the predictions were made.
        merit: what the mean of their merits is, by which the difference is called: `Task.merit`, where it is known.
        groups: of the examples, by their ids; None where examples stand for themselves.
        together: comparisons that are made together; what could have been shown is what the smallest of their p-values
            shows after Holm's or Benjamini and Hochberg's correction, whatever the others are.
        seed: of the resamples.

    Raises:
        UsageError: the ids or the targets are not the same, merits are not finite, there are too few examples or groups
            of them, or some have no group.
    """
    right = matched(left, right, names)
    binary = _is_binary(left.merit) and _is_binary(right.merit)
    _refuse_unusable(left, right, names, fewest=1 if binary else 2)
    group_of = None if groups is None else numbered_groups(left, groups)
    if group_of is not None:
        difference = clustered_difference(left.merit, right.merit, group_of, seed=seed)
    elif binary:
        difference = mcnemar(left.merit == 1, right.merit == 1)
    else:
        difference = paired_difference(left.merit, right.merit, seed=seed)
    return Comparison(
        left=names[0],
        right=names[1],
        split=split,
        difference=Score.of(merit or (SHARE_RIGHT if binary else MEAN_MERIT), difference),
        p_value=difference.p_value,
        test=f"{difference.test} test",
        clusters=difference.clusters,
        detectable=detectable(left.merit, right.merit, group_of, level=LEVEL / together),
    )


def compare_all(
    predictions: Mapping[str, Predictions],
    *,
    model: str | None = None,
    split: str = "test",
    merit: str | None = None,
    groups: Mapping[str, object] | None = None,
    efforts: Mapping[str, Effort] | None = None,
    correction: str = "Holm",
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Comparisons made together, with p-values adjusted for their number.

    Args:
        predictions: by the name of the model.
        model: the one that is compared with each of the others, as `left`; None compares all pairs.
        split: on which split the predictions were made.
        merit: what the mean of their merits is, as in `compare`.
        groups: of the examples, as in `compare`.
        efforts: what was spent on the models, by their names, where it is known.
        correction: "Holm", by which the chance of any false claim is bounded, or "Benjamini-Hochberg", by which the
            share of false ones among the claims is.
        seed: of the resamples.

    Raises:
        UsageError: the model has no predictions, nobody knows the correction, or what `compare` raises.
    """
    if correction not in CORRECTIONS:
        raise UsageError(f"correction={correction!r}", legal=f"it is {' or '.join(CORRECTIONS)}")
    if model is not None and model not in predictions:
        raise UsageError(
            f"no predictions of {model!r}",
            legal=f"there are those of {', '.join(map(repr, predictions)) or 'no model'}",
            remedy="name one of them",
        )
    pairs = (
        list(combinations(predictions, 2))
        if model is None
        else [(model, other) for other in predictions if other != model]
    )
    common = {"split": split, "merit": merit, "groups": groups, "seed": seed}
    return _together(predictions, pairs, correction=correction, efforts=efforts or {}, **common)


def compare_ladder(
    predictions: Mapping[str, Predictions],
    *,
    split: str = "test",
    merit: str | None = None,
    groups: Mapping[str, object] | None = None,
    efforts: Mapping[str, Effort] | None = None,
    seed: int = 0,
) -> tuple[Comparison, ...]:
    """Each model against the one below it, with p-values adjusted by Holm's method for the number of rungs.

    Args:
        predictions: by the name of the model, from the simplest one up.
        split: on which split the predictions were made.
        merit: what the mean of their merits is, as in `compare`.
        groups: of the examples, as in `compare`.
        efforts: what was spent on the models, by their names, where it is known.
        seed: of the resamples.

    Raises:
        UsageError: what `compare` raises.
    """
    pairs = [(upper, lower) for lower, upper in pairwise(predictions)]
    common = {"split": split, "merit": merit, "groups": groups, "seed": seed}
    return _together(predictions, pairs, correction="Holm", efforts=efforts or {}, **common)


def _together(
    predictions: Mapping[str, Predictions],
    pairs: Sequence[tuple[str, str]],
    *,
    correction: str,
    efforts: Mapping[str, Effort],
    **common: Any,
) -> tuple[Comparison, ...]:
    """Comparisons of pairs, made together: each knows how many there are, and what was spent on its models."""
    made = [compare(predictions[a], predictions[b], names=(a, b), together=len(pairs), **common) for a, b in pairs]
    adjusted = CORRECTIONS[correction]([comparison.p_value for comparison in made]).tolist() if made else []
    return tuple(
        replace(
            comparison,
            adjusted_p_value=p,
            correction=correction,
            compared=len(made),
            left_effort=efforts.get(comparison.left),
            right_effort=efforts.get(comparison.right),
        )
        for comparison, p in zip(made, adjusted, strict=True)
    )


def numbered_groups(predictions: Predictions, groups: Mapping[str, object]) -> NDArray[np.int64] | None:
    """Numbers of the groups (n,); None where each example is a group of its own.

    Raises:
        UsageError: some examples have no group, or there is only one.
    """
    without = [name for name in predictions.ids if name not in groups]
    if without:
        raise UsageError(
            f"{len(without)} of {len(predictions)} examples have no group ({', '.join(without[:NAMED])}, ...)",
            legal="either each example has one or none has",
            remedy="give the groups of the split that is compared, by the ids of its examples",
        )
    numbers: dict[object, int] = {}
    found = np.array([numbers.setdefault(groups[name], len(numbers)) for name in predictions.ids], dtype=np.int64)
    if len(numbers) < FEWEST_GROUPS:
        raise UsageError(
            f"{len(numbers)} group of {len(predictions)} examples",
            legal=f"{FEWEST_GROUPS} or more, since groups are resampled as wholes",
            remedy="gather examples of other groups, or leave groups out where examples do not depend on each other",
        )
    return found if len(numbers) < len(found) else None


def _is_binary(merit: NDArray[np.float64]) -> bool:
    return bool(((merit == 0) | (merit == 1)).all())


def matched(left: Predictions, right: Predictions, names: tuple[str, str]) -> Predictions:
    """The right predictions, rows in the order of the left.

    Raises:
        UsageError: they are not of the same examples with the same targets, there are none, or merits are not finite.
    """
    right = _in_order_of(left, right, names)
    _refuse_other_targets(left, right, names)
    _refuse_unusable(left, right, names, fewest=1)
    return right


def _in_order_of(left: Predictions, right: Predictions, names: tuple[str, str]) -> Predictions:
    """The right predictions, rows in the order of the left."""
    if left.ids == right.ids:
        return right
    rows = {name: row for row, name in enumerate(right.ids)}
    told_apart = len(rows) == len(right.ids) and len(set(left.ids)) == len(left.ids)
    if told_apart and rows.keys() == set(left.ids):
        return right.take(np.array([rows[name] for name in left.ids], dtype=np.int64))
    only_left, only_right = sorted(set(left.ids) - rows.keys()), sorted(rows.keys() - set(left.ids))
    if only_left or only_right:
        met = f"{len(only_left)} examples only of {names[0]!r} and {len(only_right)} only of {names[1]!r}"
        met += f" ({', '.join((only_left + only_right)[:NAMED])}, ...)"
    else:
        met = f"{len(left)} rows of {names[0]!r} and {len(right)} of {names[1]!r}, with ids that occur several times"
    raise UsageError(
        met,
        legal="two models are compared on the same examples, each predicted once by both",
        remedy="predict the same split of the same data with both models",
    )


def _refuse_other_targets(left: Predictions, right: Predictions, names: tuple[str, str]) -> None:
    if left.target.shape == right.target.shape:
        pairs = zip(left.target, right.target, strict=True)
        differ = [row for row, (a, b) in enumerate(pairs) if not _is_same(a, b)]
        if not differ:
            return
        some = ", ".join(left.ids[row] for row in differ[:NAMED])
        met = (
            f"{len(differ)} of {len(left)} examples have another target for {names[0]!r} than for {names[1]!r} ({some})"
        )
    else:
        met = f"targets of shape {left.target.shape} for {names[0]!r} and of {right.target.shape} for {names[1]!r}"
    raise UsageError(
        met,
        legal="targets must be the same",
        remedy="evaluate both models again on one version of the data, with the same labels in the same order",
    )


def _is_same(a: object, b: object) -> bool:
    """Whether two targets are the same; of several amounts, those that are missing (not-a-number) in both are."""
    if np.isscalar(a) and np.isscalar(b):
        return bool(a == b)
    left, right = np.asarray(a), np.asarray(b)
    return np.array_equal(left, right, equal_nan=left.dtype.kind == right.dtype.kind == "f")


def _refuse_unusable(left: Predictions, right: Predictions, names: tuple[str, str], *, fewest: int) -> None:
    if len(left) < fewest:
        raise UsageError(
            f"{len(left)} examples to compare {names[0]!r} and {names[1]!r} on",
            legal=f"{fewest} or more are needed",
            remedy="compare on a larger split",
        )
    for name, predictions in zip(names, (left, right), strict=True):
        wrong = int(np.count_nonzero(~np.isfinite(predictions.merit)))
        if wrong:
            raise UsageError(
                f"{wrong} of {len(predictions)} predictions of {name!r} have a merit that is no finite number",
                legal="a comparison needs a finite merit of each example",
                remedy=f"find out why {name!r} answers with what is not finite",
            )
