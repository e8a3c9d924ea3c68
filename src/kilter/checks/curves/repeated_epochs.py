"""The same pattern of losses in each epoch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import by_epoch, finite
from kilter.values.curve_names import TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedEpochs(Check[History]):
    """The training loss goes through the same ups and downs in each epoch.

    **What it proves.** The same rows stand at the same place in each epoch: the data are not shuffled. Where only
    single batches are harder than others, that does little harm (a note). Where easy and hard stretches follow one
    another, neighbouring batches are alike: the rows are sorted, and each stretch teaches what the next one undoes.

    **How.** The losses are laid out with a row for each epoch, without its mean and its slope, and the first epoch left
    out. The share of their variance that is common to all epochs must exceed `repeated`; the pattern is one of
    stretches where the ranks of neighbouring places go together, beyond what chance does to so many places, or where
    the first evaluations are worse than the untrained model was, since what an epoch ends with displaces the rest; its
    size must be `size` of what the loss has come down then, and `most` of it without either.

    **When it stays silent.** Shuffled epochs, also where the loss falls in steps at their borders; fewer than
    `fewest_epochs` epochs of `fewest` losses each; logs with one loss an epoch; losses that take turns, high and low,
    as those of two optimizers.

    **What it costs.** One pass over the recorded losses.

    **Source.** Bengio 2012, Practical recommendations for gradient-based training of deep architectures, section 3.1
    (order of the examples); Bottou 2012, Stochastic gradient descent tricks, section 4.1.
    """

    code: ClassVar[str] = "C116"
    name: ClassVar[str] = "repeated-epochs"
    repeated: float = 0.25  # of the variance within epochs
    sigmas: float = 5.0  # standard deviations of that share by chance
    level: float = 0.3  # of the loss, which stands for a fall that was not recorded
    surely: float = 0.5  # of it, for a pattern without stretches to be worth a word
    together: float = 0.3  # correlation of neighbouring places of the pattern
    turns: float = 0.5  # the same, below nought: every other loss is high
    size: float = 0.1  # of the fall of the loss
    worse: float = 1.1  # times the first training loss, that the first evaluations are
    most: float = 0.4  # of it, which single hard batches do not reach
    fewest: int = 8  # losses in an epoch
    fewest_epochs: int = 4

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        losses = by_epoch(subject, TRAIN_LOSS)
        losses = losses[np.isfinite(losses).all(axis=1)] if losses.size else losses
        if losses.shape[0] < self.fewest_epochs or losses.shape[1] < self.fewest:
            few = f"fewer than {self.fewest_epochs} epochs of {self.fewest} losses were recorded"
            yield Skipped(name=self.name, reason=few)
            return
        places = np.arange(losses.shape[1]) - (losses.shape[1] - 1) / 2
        rest = losses[1:] - losses[1:].mean(axis=1, keepdims=True)
        rest = rest - np.outer(rest @ places / (places @ places), places)
        common = self._common(rest)
        total = float(np.mean(rest**2))
        epochs, width = rest.shape
        chance = math.sqrt(2 / (epochs * (epochs - 1) * width))  # of the share, where epochs have nothing in common
        if total <= 0 or common < max(self.repeated, self.sigmas * chance) * total:
            return
        neighbours = _together(np.median(rest, axis=0))
        if neighbours < -max(self.turns, 3 / math.sqrt(width)):
            yield Skipped(name=self.name, reason="losses take turns, as those of two optimizers do")
            return
        fall = max(float(losses[0].mean()), float(losses[0, 0])) - float(losses.mean(axis=1).min())
        fall = max(fall, self.level * abs(float(losses[1:].mean())))  # a log may begin when all has fallen
        evaluated = finite(subject, VALID_LOSS)[1]
        forgetting = len(evaluated) > 0 and float(
            np.median(evaluated[: max(1, len(evaluated) // 3)])
        ) > self.worse * float(losses[0, 0])
        stretches = neighbours > max(self.together, 2 / math.sqrt(losses.shape[1]))
        sorted_rows = math.sqrt(common) > (self.size if stretches or forgetting else self.most) * fall
        if not sorted_rows and common < self.surely * total:
            return
        share = common / total
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if sorted_rows else Severity.NOTE,
            strength=Strength.MEASURED,
            seen=f"{100 * share:.0f} % of what the training loss varies by within epochs of {losses.shape[1]:,} losses"
            f" is the same in {len(rest)} epochs, {math.sqrt(common):.3g} in size"
            + (f"; neighbouring places go together by {neighbours:.2f}." if sorted_rows else "."),
            advice="Shuffle the training rows in each epoch (`shuffle=True`).",
            causes=("no_shuffle_sorted",),
            experiment="Look at the labels of the first hundred training rows as the loader gives them: long runs of"
            " the same one are sorted rows.",
            where=tuple(f"place {int(place)} of the epoch" for place in np.argsort(-np.median(rest, axis=0))[:3]),
            evidence={"share": share, "size": math.sqrt(common), "neighbours": neighbours, "fall": fall},
        )

    def _common(self, rest: NDArray[np.float64]) -> float:
        """The variance of what all epochs share: the mean product of two different epochs at the same place."""
        epochs, places = rest.shape
        both = float(np.sum(rest.sum(axis=0) ** 2) - np.sum(rest**2))
        return max(0.0, both / float(epochs * (epochs - 1) * places))


def _together(pattern: NDArray[np.float64]) -> float:
    """The correlation of neighbouring places, by rank."""
    ranks = np.argsort(np.argsort(pattern)).astype(float)  # one deep place counts no more than another
    centred = ranks - ranks.mean()
    spread = float(np.mean(centred**2))
    return float(np.mean(centred[1:] * centred[:-1])) / spread
