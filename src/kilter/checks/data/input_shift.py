"""Splits whose inputs were made differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.cells import missing
from kilter.checks.data.distances import between_numbers
from kilter.checks.data.identity import identifiers
from kilter.checks.wording import agreeing, counted, percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DRIFTS: Final = {Kind.TEXT: "the length of ", Kind.TOKENS: "the length of ", Kind.IMAGE: "the brightness of "}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputShift(Check[Dataset]):
    """Inputs of a held-out split that training has never met: another scale, other values, another distribution.

    **What it proves.** Columns whose spread differs by a factor of `warn_scale`, or whose middle lies `warn_scale`
    spreads away, were measured or scaled in another way; of a category most of whose cells hold new values, the model
    has learnt nothing that it can use.

    **How.** Numbers: median and interquartile range of each split. Categories: the share of cells with a value that
    training lacks. Images: mean and standard deviation of the pixels. Besides, the largest gap between distribution
    functions says which columns drift: of numbers, the brightness of images and the length of texts (what texts say
    is left to `text-shift`). Running numbers are left to `identifier-columns`.

    **When it stays silent.** Drift below `note_size`, or such as chance makes. Drift alone is a note: data that are
    split by time have it.

    **What it costs.** Sorting the columns.
    """

    code: ClassVar[str] = "D120"
    name: ClassVar[str] = "input-shift"
    warn_scale: float = 5.0  # ratio of two spreads, or distance of two middles in spreads
    warn_new: float = 0.5  # share of a category's cells with values that training lacks
    note_size: float = 0.2  # gap between the distribution functions, 0 to 1
    chance: float = 1e-6  # largest probability of the gap under one distribution
    fewest: int = 20  # rows of a split below which nothing is compared

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        held_out = [split for split in subject if split != "train" and len(subject[split]) >= self.fewest]
        if "train" not in subject or len(subject["train"]) < self.fewest or not held_out:
            yield Skipped(name=self.name, reason=f"there are no two splits of {self.fewest} rows or more")
            return
        naming = identifiers(subject.schema, subject["train"])
        if subject.schema.stream:
            yield Skipped(name=self.name, reason="the rows are one text, cut at equal lengths")
            return
        fields = [field for field in subject.schema.inputs if field.name not in naming]
        broken: dict[str, dict[str, str]] = {}
        drifting: dict[str, dict[str, float]] = {}
        for split in held_out:
            for field in fields:
                here, there = (subject[name].columns[field.name] for name in (split, "train"))
                if said := self._made_differently(field.kind, here, there):
                    broken.setdefault(field.name, {})[split] = said
                elif drift := self._drift(*(_amounts(field.kind, column) for column in (here, there))):
                    drifting.setdefault(field.name, {})[split] = drift
        if broken or drifting:
            yield self._finding(broken, drifting, {field.name: _DRIFTS.get(field.kind, "") for field in fields})

    def _finding(
        self, broken: dict[str, dict[str, str]], drifting: dict[str, dict[str, float]], what: dict[str, str]
    ) -> Finding:
        columns = tuple({**broken, **drifting})
        if broken:
            said = "; ".join(
                f"{name!r} in {split} {reason}"
                for name, parts in list(broken.items())[:5]
                for split, reason in parts.items()
            )
        else:
            most = sorted(drifting, key=lambda name: -max(drifting[name].values()))[:5]
            said = ", ".join(f"{what[name]}{name!r} by up to {max(drifting[name].values()):.2f} of 1" for name in most)
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if broken else Severity.NOTE,
            seen=f"{counted(len(columns), 'input column')} {agreeing(len(columns), 'differs', 'differ')} between train"
            f" and what is held out: {said}.",
            advice="Prepare all splits in one way, with numbers fitted on training only; leave out a column that is"
            " always new."
            if broken
            else "Read the scores as those of later or other data than training's.",
            causes=("val_preprocess_mismatch", "vocabulary_mismatch", "distribution_shift")
            if broken
            else ("distribution_shift", "unshuffled_split"),
            where=columns,
            evidence={"made differently": broken, "drifting": drifting},
        )

    def _made_differently(self, kind: Kind, here: NDArray[np.generic], there: NDArray[np.generic]) -> str | None:
        if kind is Kind.CATEGORY:
            return self._new_values(here, there)
        if kind in (Kind.NUMBER, Kind.IMAGE):
            return self._scale(_sample(here), _sample(there))
        return None

    def _drift(self, here: NDArray[np.generic], there: NDArray[np.generic]) -> float | None:
        left, right = _sample(here), _sample(there)
        if not len(left) or not len(right):
            return None
        gap = between_numbers(left, right)
        return gap.size if gap.size >= self.note_size and gap.p_value <= self.chance else None

    def _new_values(self, here: NDArray[np.generic], there: NDArray[np.generic]) -> str | None:
        known = set(there.tolist())
        cells = here[~missing(here)].tolist()
        new = sum(cell not in known for cell in cells) / len(cells) if cells else 0.0
        return (
            f"holds values that train lacks in {percent(new)} of {len(cells):,} cells" if new >= self.warn_new else None
        )

    def _scale(self, here: NDArray[Any], there: NDArray[Any]) -> str | None:
        if not len(here) or not len(there):
            return None
        (low, middle, high), (low0, middle0, high0) = (
            np.quantile(column, [0.25, 0.5, 0.75]) for column in (here, there)
        )
        spread, spread0 = float(high - low), float(high0 - low0)
        if not spread or not spread0:  # most cells hold one value: the range says more
            spread, spread0 = float(np.ptp(here)), float(np.ptp(there))
        if not spread or not spread0:
            return None
        apart = abs(middle - middle0) / max(spread, spread0)
        if max(spread / spread0, spread0 / spread) < self.warn_scale and apart < self.warn_scale:
            return None
        return f"spreads over {spread0:.3g} about {middle0:.3g} in train, over {spread:.3g} about {middle:.3g} here"


def _amounts(kind: Kind, column: NDArray[Any]) -> NDArray[np.float64]:
    """What can drift in a column: a number of each row (n,), none of categories."""
    if kind is Kind.NUMBER:
        return column.astype(np.float64)
    if kind is Kind.IMAGE:
        brightness: NDArray[np.float64] = column.reshape(len(column), -1).mean(axis=1, dtype=np.float64)
        return brightness
    if kind in (Kind.TEXT, Kind.TOKENS):
        cells = column.tolist()
        words = [len(cell if isinstance(cell, tuple) else cell.split()) if cell else 0 for cell in cells]
        return np.array(words, np.float64)
    return np.empty(0)


def _sample(column: NDArray[Any], most: int = 200_000) -> NDArray[Any]:
    """Finite numbers of a column, evenly taken where there are many."""
    flat = column.reshape(-1)
    numbers = flat[:: max(1, len(flat) // most)].astype(np.float64)
    return numbers[np.isfinite(numbers)]
