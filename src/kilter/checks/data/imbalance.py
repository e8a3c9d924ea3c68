"""One class that outweighs the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.labels import counts_of, has_labels
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Imbalance(Check[Dataset]):
    """One class holds so much of the training split that accuracy says little.

    **What it proves.** Whoever always answers the most frequent class has that accuracy, without having learnt
    anything; a model may end there, and never answer the others.

    **How.** Rows of the training split are counted by label.

    **When it stays silent.** The most frequent class holds less than `note_share`. A warning from `warn_share` on.

    **What it costs.** Nothing.

    **Source.** He and Garcia 2009, Learning from imbalanced data, IEEE TKDE 21(9), section 4.
    """

    code: ClassVar[str] = "D107"
    name: ClassVar[str] = "imbalance"
    note_share: float = 0.8  # of the most frequent class
    warn_share: float = 0.95  # of the most frequent class

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if not has_labels(subject.schema) or "train" not in subject:
            yield Skipped(name=self.name, reason="a row has no single label, or there is no training split")
            return
        counts = counts_of(subject["train"], subject.schema.target)
        if len(counts) < 2:
            yield Skipped(name=self.name, reason="there are no two classes")
            return
        (label, most), *_ = counts.most_common(1)
        share = most / counts.total()
        if share < self.note_share:
            return
        rarest = min(counts, key=lambda name: (counts[name], name))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if share >= self.warn_share else Severity.NOTE,
            seen=f"{label!r} holds {percent(share)} of train: always answering it is right that often; the rarest"
            f" class {rarest!r} has {counts[rarest]:,} of {counts.total():,} rows.",
            advice="Judge by macro F1, average precision or recall of the rare classes, not by accuracy; weigh the"
            " classes, or move the threshold.",
            causes=("imbalance_zero_recall", "wrong_metric", "threshold_wrong"),
            evidence={"rows in train": dict(counts.most_common(50)), "share": share},
        )
