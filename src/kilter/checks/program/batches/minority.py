"""Classes that a trained program never answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np
import torch

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.likeness import class_counts
from kilter.checks.program.batches.references import least_squares, neighbours, scaled
from kilter.checks.program.batches.relations import pairs
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.engine.programs import Made


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MinorityUnanswered(ProgramProbe):
    """Rare classes are answered where they can be told.

    **What it proves.** After its training the program never answers a class that is rare in training, though cheap
    learners that are taught with weights tell it from the others: the common classes crowded it out.

    **How.** The program is trained as it is, and its answers on validation are counted. A linear model and nearest
    neighbours are taught on as many rows of each class.

    **When it stays silent.** Each class of `fewest` validation rows is answered at least once, or no learner finds
    `found` of its rows; classes are about as frequent as each other.

    **What it costs.** The program's own training, shared with other checks.

    **Source.** Johnson and Khoshgoftaar 2019, Survey on deep learning with class imbalance (Journal of Big Data 6).
    """

    code: ClassVar[str] = "B124"
    name: ClassVar[str] = "minority-unanswered"
    effort: ClassVar[Effort] = Effort.FULL
    fewest: int = 10  # rows of validation
    rare: float = 0.3  # of an even share, in training
    found: float = 0.5  # of its rows by cheap learners

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        target = answers(bench)
        if (
            target is None or target.classes < 2 or bench.program.task is not Kind.CLASSIFICATION
        ):  # nothing to crowd out
            yield Skipped(name=self.name, reason="there are no classes")
            return
        train, valid = class_counts(target)
        rare = (train < self.rare * train.sum() / target.classes) & (valid >= self.fewest)
        if not rare.any():
            return
        trial = bench.trial()
        answered = self._answered(bench, trial.made, target.classes)
        told = self._told(bench)
        if answered is None or told is None:
            yield Skipped(name=self.name, reason="answers of the trained program are not seen")
            return
        lost = rare & (answered == 0) & (told >= self.found)
        if not lost.any():
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("imbalance_zero_recall",),
            seen=f"After training {counted(int(lost.sum()), 'class')} of {int(valid[lost].sum())} validation rows"
            f" {'are' if lost.sum() > 1 else 'is'} never answered; cheap learners find {told[lost].mean():.0%}.",
            advice="Weigh the loss or sample rows by the inverse of how frequent their class is.",
            follows=("classes-missing", "split-by-class", "label-relation"),
            evidence={"training": train.tolist(), "validation": valid.tolist(), "answered": answered.tolist()},
        )

    def _answered(self, bench: Bench, made: Made, classes: int) -> NDArray[np.int64] | None:
        """How often each class is answered on validation."""
        counts = np.zeros(classes, dtype=np.int64)
        read = given(bench).valid
        for batch in () if read is None else read.batches:
            pair = bench.predicted(made, batch)
            if pair is None:
                return None
            said = pair.given.detach().double()
            if said.ndim > 1 and said.shape[-1] == classes:
                chosen = said.argmax(-1).flatten()
            elif classes == 2 and said.numel() == len(said):  # one output for yes or no
                bounded = bool(((said >= 0) & (said <= 1)).all())
                chosen = (said.flatten() > (0.5 if bounded else 0.0)).long()  # a half
            else:
                return None
            counts += torch.bincount(chosen.cpu(), minlength=classes).numpy()
        return counts

    def _told(self, bench: Bench) -> NDArray[np.float64] | None:
        """Share of each class's validation rows that learners find who were taught as many rows of each."""
        both = pairs(bench)
        if both is None or not both.classes or not len(both.valid_rows):
            return None
        labels, truth = both.train_targets.argmax(1), both.valid_targets.argmax(1)
        counts = np.bincount(labels, minlength=both.train_targets.shape[1])
        random = np.random.default_rng(0)
        even = np.concatenate(
            [random.choice(np.flatnonzero(labels == label), int(counts.max())) for label in np.flatnonzero(counts)]
        )
        left, right = scaled(both.train_rows[even], both.valid_rows)
        best = np.zeros(len(counts))
        for learner in (least_squares, neighbours):
            said = learner(left, both.train_targets[even], right).argmax(1)
            hits = np.bincount(truth[said == truth], minlength=len(counts)) / np.maximum(
                np.bincount(truth, minlength=len(counts)), 1
            )
            best = np.maximum(best, hits)
        return best
