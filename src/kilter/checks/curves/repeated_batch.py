"""The same batch comes again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite
from kilter.values.curve_names import BATCH
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedBatch(Check[History]):
    """One batch is trained on far more often than all others.

    **What it proves.** Its inputs were equal, to the bit, at all of these steps, while others had been seen: what is
    learnt is that batch. Where no other batch was ever seen it is only noted, since a small set may be one batch.

    **How.** Fingerprints of batches, as recorded at some of the steps: `fewest` equal ones in a row, `longer` times as
    many as any other batch ever had in a row; or one that was seen `fewest` times and `longer` times as often as the
    middle of all others, of which there must be `others`.

    **When it stays silent.** Epochs in equal order, where every batch comes equally often; loops that make several
    steps on each batch; batches that are augmented, which are never equal.

    **What it costs.** One pass over the recorded fingerprints.
    """

    code: ClassVar[str] = "C132"
    name: ClassVar[str] = "repeated-batch"
    fewest: int = 8  # times that one batch was seen
    longer: float = 4.0  # times as often as others
    others: int = 3  # batches that were seen besides
    always: int = 20  # batches, all of them the same, from which it is noted

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, prints = finite(subject, BATCH)
        if len(prints) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} batches have a fingerprint")
            return
        distinct, counts = np.unique(prints, return_counts=True)
        found = self._in_a_row(steps, prints, len(distinct)) or self._too_often(steps, prints, distinct, counts)
        if found is not None:
            times, first, last = found
            yield self._finding(
                Severity.WARNING,
                f"The same batch was seen at {times:,} of the steps that were looked at from {first:,} to {last:,};"
                f" {len(distinct) - 1:,} others were seen besides.",
                "Find why the loader gives it again: an iterator that is made anew for each step, a sampler or a"
                " generator that is stuck.",
                last,
                {"times": times, "first": first, "batch": last, "others": len(distinct) - 1},
            )
        elif len(distinct) == 1 and len(prints) >= self.always:
            yield self._finding(
                Severity.NOTE,
                f"All {len(prints):,} batches that were looked at were the same one.",
                "See that the loader goes on to the next batch, unless the whole set is one batch.",
                int(steps[-1]),
                {"times": len(prints), "first": int(steps[0]), "batch": int(steps[-1]), "others": 0},
            )

    def _in_a_row(
        self, steps: NDArray[np.int64], prints: NDArray[np.float64], distinct: int
    ) -> tuple[int, int, int] | None:
        starts = np.flatnonzero(np.diff(prints, prepend=np.nan) != 0)
        lengths = np.diff(np.append(starts, len(prints)))
        longest = len(lengths) - 1 - int(np.argmax(lengths[::-1]))
        rest = int(np.delete(lengths, longest).max(initial=0))
        times, start = int(lengths[longest]), int(starts[longest])
        if times < self.fewest or times < self.longer * rest or distinct <= self.others:
            return None
        return times, int(steps[start]), int(steps[start + times - 1])

    def _too_often(
        self,
        steps: NDArray[np.int64],
        prints: NDArray[np.float64],
        distinct: NDArray[np.float64],
        counts: NDArray[np.int64],
    ) -> tuple[int, int, int] | None:
        if len(distinct) <= self.others:
            return None
        most = int(np.argmax(counts))
        times = int(counts[most])
        if times < self.fewest or times < self.longer * float(np.median(np.delete(counts, most))):
            return None
        at = steps[prints == distinct[most]]
        return times, int(at[0]), int(at[-1])

    def _finding(self, severity: Severity, seen: str, advice: str, step: int, evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=("data_anomaly", "no_shuffle_sorted", "too_little_data"),
            experiment="Print the ids of three batches in a row as they leave the loader: equal ones there mean the"
            " loader, different ones mean what is done with them after.",
            where=(f"step {step}",),
            evidence=evidence,
        )
