"""Slices: examples of one kind on which a model does worse than elsewhere, found without being told where to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.evaluation.asking import By, asked_traits
from kilter.evaluation.comparing import MEAN_MERIT, SHARE_RIGHT
from kilter.evaluation.together import together
from kilter.evaluation.traits import Trait, traits
from kilter.metrics.contingency import fisher_p_value
from kilter.metrics.inputs import row_chunks
from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.significance import holm
from kilter.values.errors import UsageError
from kilter.values.evaluation import Slice
from kilter.values.predictions import Predictions
from kilter.values.score import Score
from kilter.values.table import Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST: Final = 20  # examples inside and outside a slice
LEVEL: Final = 0.01  # largest probability of one false slice among all that are reported
MOST: Final = 8  # slices that are reported
NEW: Final = 0.75  # share of a slice's examples that clearer slices must not have, lest it only repeat them
PERMUTED: Final = 1_000  # random orders of the merits, where they are not just 0 and 1
_AT_ONCE: Final = 4_000_000  # cells of permuted merits that are held at a time


class Judged(NamedTuple):
    """What tests say of m traits: standard deviations below the rest, and adjusted p-values (m,)."""

    deviations: NDArray[np.float64]
    p_values: NDArray[np.float64]


def find_slices(
    predictions: Predictions,
    dataset: Dataset,
    *,
    split: str,
    by: Sequence[By] | None = None,
    merit: str | None = None,
    level: float = LEVEL,
    fewest: int = FEWEST,
    most: int = MOST,
    seed: int = 0,
) -> tuple[Slice, ...]:
    """Where a model does worse than elsewhere: traits of examples (see `traits`), each tested against all others.

    Without `by` they are searched for, two traits together among them (see `together`); p-values are then doubled, so
    that single traits and pairs share the level. With `by` all slices asked for are returned that have enough examples,
    those that are clearest below the rest first, whether or not they are worse.

    Merits of 0 and 1 are tested exactly (Fisher), and p-values are adjusted for all traits by Holm's procedure; other
    merits are permuted, and p-values are adjusted by the largest deviation of each permutation (Westfall and Young
    1993, Resampling-based multiple testing, algorithm 2.8 in one step). Of traits that say the same, the one that
    deviates most is kept: a further one must be mostly new, and still hold among the examples outside of those.
    Every example counts once, whatever its weight; where classes are decided, each is right or wrong, since merits that
    weigh classes against each other would make a slice of every frequent class. Rows of a stream depend on their
    neighbours, which these tests rule out: there are no slices of one.

    Args:
        predictions: rows of that split.
        dataset: where their inputs stand, and the training rows.
        split: on which the predictions were made.
        by: what to part the examples by: names of columns, `Token("word")`, or functions of a row.
        merit: what the mean of all merits is, by which the scores of slices are called: `Task.merit`, where it is
            known. Unless merits are 0 and 1, a slice's is the mean of what its examples contribute, since a score such
            as F1 is no mean of scores.
        level: the largest probability of any false slice, where they are searched for.
        fewest: examples that a slice, and what is outside of it, must have.
        most: how many are kept, those that deviate most first, where they are searched for.
        seed: of the permutations.

    Raises:
        UsageError: there is no such column to part by, or no text for a word; or the rows are one text.
    """
    table = dataset[split]
    places = _places(predictions.ids, table.ids)
    if _decides_classes(predictions) and not _is_binary(predictions.merit):
        right = (predictions.target == predictions.decided).astype(np.float64)
        predictions, merit = replace(predictions, merit=right), None
    merits = predictions.merit
    usable = np.isfinite(merits) & (places >= 0)
    if by is not None and dataset.schema.stream:
        raise UsageError("slices of one text, cut into rows", legal="rows that do not depend on their neighbours")
    if by is None and (dataset.schema.stream or usable.sum() < 2 * fewest or np.ptp(merits[usable]) == 0):
        return ()
    if not usable.all():
        kept = np.flatnonzero(usable)
        predictions, merits, places = predictions.take(kept), merits[kept], places[kept]
    aligned = table if predictions.ids == table.ids else table.take(places)
    if by is not None:
        asked = [
            trait for trait in asked_traits(aligned, dataset.schema, by) if _has_enough(trait, len(merits), fewest)
        ]
        return _all_of(asked, predictions, merit, seed)
    found = _distinct(traits(aligned, dataset.schema, dataset.splits.get("train")), len(merits), fewest)
    if not found:
        return ()
    found, judged = _searched(found, merits, fewest, level, seed)
    order = np.lexsort((judged.p_values, -judged.deviations))
    chosen = _telling([at for at in order.tolist() if judged.p_values[at] <= level], found, merits, fewest, level)
    return tuple(_slice(found[at], float(judged.p_values[at]), predictions, merit) for at in chosen[:most])


def _all_of(asked: list[Trait], predictions: Predictions, merit: str | None, seed: int) -> tuple[Slice, ...]:
    """Slices asked for, each with its p-value, corrected for all of them."""
    if not asked:
        return ()
    alike = np.ptp(predictions.merit) == 0  # none is worse
    judged = Judged(np.zeros(len(asked)), np.ones(len(asked))) if alike else _judge(asked, predictions.merit, seed)
    order = np.lexsort((judged.p_values, -judged.deviations)).tolist()
    slices = (_slice(asked[at], float(judged.p_values[at]), predictions, merit) for at in order)
    return tuple(replace(found, asked=True) for found in slices)


def _searched(
    found: list[Trait], merit: NDArray[np.float64], fewest: int, level: float, seed: int
) -> tuple[list[Trait], Judged]:
    """Single traits, and pairs of them that are worse than either; both share the level."""
    judged = _judge(found, merit, seed)
    pairs = together(found, merit, fewest=fewest, level=level / 2)
    if not pairs.looked_at:
        return found, judged
    masks = np.stack([trait.inside for trait in pairs.traits]) if pairs.traits else np.zeros((0, len(merit)), bool)
    deviations = np.concatenate([judged.deviations, _deviations(masks, merit[:, None])[:, 0]])
    p_values = np.minimum(2 * np.concatenate([judged.p_values, pairs.p_values]), 1.0)
    return [*found, *pairs.traits], Judged(deviations, p_values)


def _decides_classes(predictions: Predictions) -> bool:
    """Whether each decision is one of several classes."""
    return all(column.ndim == 1 and column.dtype.kind in "iu" for column in (predictions.target, predictions.decided))


def _distinct(found: Iterable[Trait], n: int, fewest: int) -> list[Trait]:
    """Traits of enough examples that also leave enough out; of two of the same examples, the first."""
    kept: dict[bytes, Trait] = {}
    for trait in found:
        if _has_enough(trait, n, fewest):
            kept.setdefault(np.packbits(trait.inside).tobytes(), trait)
    return list(kept.values())


def _has_enough(trait: Trait, n: int, fewest: int) -> bool:
    return fewest <= int(trait.inside.sum()) <= n - fewest


def _judge(found: list[Trait], merit: NDArray[np.float64], seed: int) -> Judged:
    masks = np.stack([trait.inside for trait in found])
    deviations = _deviations(masks, merit[:, None])[:, 0]
    if _is_binary(merit):
        return Judged(deviations, holm([_exact(trait.inside, merit) for trait in found]))
    generator = np.random.default_rng(seed)
    largest: list[NDArray[np.float64]] = []
    at_once = max(1, _AT_ONCE // len(merit))
    for start in range(0, PERMUTED, at_once):
        orders = generator.permuted(np.tile(merit, (min(at_once, PERMUTED - start), 1)), axis=1)
        largest.append(_deviations(masks, orders.T).max(axis=0))
    drawn = np.concatenate(largest)
    as_large = (drawn[None, :] >= deviations[:, None] * (1 - 1e-12)).sum(axis=1)
    return Judged(deviations, (as_large + 1) / (len(drawn) + 1))


def _deviations(masks: NDArray[np.bool_], merits: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many standard deviations the mean of each mask (m, n) lies below that of all, for merits (n, r): (m, r).

    The deviation is that of a mean of so many drawn without return (Cochran 1977, Sampling techniques, theorem 2.2).
    """
    n = merits.shape[0]
    sizes = masks.sum(axis=1, dtype=np.float64)[:, None]
    centred = merits - merits.mean(axis=0)
    variances = np.einsum("nr,nr->r", centred, centred)[None, :] / (n - 1)
    sums = np.zeros((len(masks), merits.shape[1]))
    for rows in row_chunks(n, len(masks)):  # masks as numbers would take eight times their place
        sums += masks[:, rows].astype(np.float64) @ centred[rows]
    deviations: NDArray[np.float64] = -sums / sizes / np.sqrt(variances * (n - sizes) / (n * sizes))
    return deviations


def _telling(order: list[int], found: list[Trait], merit: NDArray[np.float64], fewest: int, level: float) -> list[int]:
    """Those that say more than the ones before: they deviate among the remaining examples, too."""
    chosen: list[int] = []
    covered = np.zeros(len(merit), bool)
    for at in order:
        inside, rest = found[at].inside & ~covered, ~found[at].inside & ~covered
        left = merit[~covered]
        if min(inside.sum(), rest.sum()) < fewest or np.ptp(left) == 0 or inside.sum() < NEW * found[at].inside.sum():
            continue
        if chosen and _alone(found[at].inside[~covered], left) > level:
            continue
        chosen.append(at)
        covered |= found[at].inside
    return chosen


def _alone(inside: NDArray[np.bool_], merit: NDArray[np.float64]) -> float:
    """The p-value of one trait, not adjusted."""
    if _is_binary(merit):
        return _exact(inside, merit)
    from scipy.special import ndtr

    return float(ndtr(-_deviations(inside[None, :], merit[:, None])[0, 0]))


def _exact(inside: NDArray[np.bool_], merit: NDArray[np.float64]) -> float:
    wrong, n_inside = merit == 0, int(np.count_nonzero(inside))
    inside_wrong = int(np.count_nonzero(wrong & inside))
    return fisher_p_value(inside_wrong, n_inside, int(np.count_nonzero(wrong)) - inside_wrong, len(merit) - n_inside)


def _slice(trait: Trait, p_value: float, predictions: Predictions, called: str | None) -> Slice:
    merit, inside = predictions.merit, trait.inside
    binary = _is_binary(merit)
    name = _name(called, binary=binary)
    lost = _lost(predictions, binary=binary)
    at = np.flatnonzero(inside)
    worst = at[np.argsort(merit[at], kind="stable")][:20]
    return Slice(
        name=trait.name,
        said=trait.said,
        n=int(inside.sum()),
        inside=_score(merit[inside], name, binary=binary),
        outside=_score(merit[~inside], name, binary=binary),
        lost=float(lost[inside].sum() / lost.sum()) if lost.sum() else 0.0,
        p_value=p_value,
        examples=tuple(predictions.ids[row] for row in worst if merit[row] < merit.max()),
        masked=trait.masked,
    )


def _lost(predictions: Predictions, *, binary: bool) -> NDArray[np.float64]:
    """What each example lost: its error, or its loss; where there is no loss of each, its merit below the best."""
    if binary or not np.isfinite(predictions.cost).all() or not predictions.cost.sum() > 0:
        below: NDArray[np.float64] = predictions.merit.max() - predictions.merit
        return below
    return predictions.cost


def _name(merit: str | None, *, binary: bool) -> str:
    """What the mean merit of a part of the examples is."""
    if merit is None:
        return SHARE_RIGHT if binary else MEAN_MERIT
    return merit if binary else f"contribution to {merit}"


def _score(merit: NDArray[np.float64], name: str, *, binary: bool) -> Score:
    measure = proportion(int(merit.sum()), len(merit)) if binary else bootstrap_mean(merit)
    return Score(
        name=name,
        value=measure.value,
        low=measure.low,
        high=measure.high,
        n=len(merit),
    )


def _is_binary(merit: NDArray[np.float64]) -> bool:
    return bool(((merit == 0) | (merit == 1)).all())


def _places(ids: tuple[str, ...], known: tuple[str, ...]) -> NDArray[np.intp]:
    """The place of each id among the known ones (n,), -1 where it is not among them."""
    if ids == known:
        return np.arange(len(ids))
    places = {name: place for place, name in enumerate(known)}
    return np.fromiter((places.get(name, -1) for name in ids), np.intp, len(ids))
