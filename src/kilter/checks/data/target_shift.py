"""Splits whose targets are distributed differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.distances import Distance, between_counts, between_numbers
from kilter.checks.data.labels import counts_labels, counts_of
from kilter.checks.data.targets import each_target
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetShift(Check[Dataset]):
    """The targets of a held-out split are distributed otherwise than those of training.

    **What it proves.** The two were not drawn from one population: time, place or the order of the file lies between
    them. A threshold or a bias that is learnt fits one of them only, and the validation loss measures something else
    than the training loss.

    **How.** Classes: total variation between the frequencies, with Pearson's chi-square. Amounts: the largest gap
    between the distribution functions (Kolmogorov and Smirnov). Both the size of the difference and its probability
    must speak, so that neither a small split nor a large one cries wolf.

    **When it stays silent.** Differences below `note_size`, or such as chance makes. A warning from `warn_size` on.

    **What it costs.** Sorting the targets.

    **Source.** Quiñonero-Candela et al. (eds.) 2009, Dataset shift in machine learning (MIT Press), chapter 1.
    """

    code: ClassVar[str] = "D117"
    name: ClassVar[str] = "target-shift"
    note_size: float = 0.1  # difference between the distributions, 0 to 1
    warn_size: float = 0.2  # difference between the distributions, 0 to 1
    chance: float = 1e-6  # largest probability of the difference under one distribution

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        held_out = [split for split in subject if split != "train"]
        labels = counts_labels(subject.schema)
        if not (labels or subject.schema.target_kind is Kind.NUMBER) or "train" not in subject or not held_out:
            yield Skipped(
                name=self.name,
                reason="there are no two splits to compare, or the target is neither labels nor an amount",
            )
            return
        look = self._between_labels if labels else self._between_amounts
        found = {split: said for split in held_out if (said := look(subject, split)) is not None}
        apart = {
            split: (distance, said)
            for split, (distance, said) in found.items()
            if distance.size >= self.note_size and distance.p_value <= self.chance
        }
        if not apart:
            return
        parts = [
            f"{split} by {distance.size:.2f} of 1 (p = {distance.p_value:.1g}: {said})"
            for split, (distance, said) in apart.items()
        ]
        severe = any(distance.size >= self.warn_size for distance, _ in apart.values())
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if severe else Severity.NOTE,
            seen=f"Targets are distributed otherwise than in train: in {', in '.join(parts)}.",
            advice="Find out what lies between the splits (time? the order of the file?); read scores as those of"
            " another population, or split at random if the held-out rows need not be later.",
            causes=("distribution_shift", "unshuffled_split"),
            evidence={split: {"difference": d.size, "p": d.p_value} for split, (d, _) in apart.items()},
        )

    def _between_labels(self, subject: Dataset, split: str) -> tuple[Distance, str] | None:
        here, there = (counts_of(subject[name], subject.schema.target) for name in (split, "train"))
        if not here or not there:
            return None
        most = max(
            sorted({*here, *there}), key=lambda name: abs(here[name] / here.total() - there[name] / there.total())
        )
        before, after = there[most] / there.total(), here[most] / here.total()
        return between_counts(here, there), f"{most!r} is {percent(before)} of train and {percent(after)} of {split}"

    def _between_amounts(self, subject: Dataset, split: str) -> tuple[Distance, str] | None:
        here, there = (subject[name].columns[subject.schema.target].astype(np.float64) for name in (split, "train"))
        here, there = here[np.isfinite(here)], there[np.isfinite(there)]
        if not len(here) or not len(there):
            return None
        said = f"the median is {np.median(there):.4g} in train and {np.median(here):.4g} in {split}"
        return between_numbers(here, there), said
