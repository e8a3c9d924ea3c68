"""The learning rate is gone long before the run ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, level, noise
from kilter.values.curve_names import EPOCH, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Falls(NamedTuple):
    """How far the loss came down in the later half of a time with a rate, and afterwards, and where it ended."""

    before: float
    after: float
    end: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyDecay(Check[History]):
    """The learning rate stands at nothing for a large part of the run, and the loss stands still with it.

    **What it proves.** Those steps train next to nothing. Where the loss was still falling when the rate went, the
    run was ended there, whatever steps followed.

    **How.** A rate of 0 over `zero` of the run or more, during which the loss does not fall (a note where it had
    settled before). Or a rate that stays below `low` of its peak from the middle of the run on, or earlier. The loss
    had settled unless it was falling: over the time at half of the peak and more, or over the later half of the time
    until the rate was gone, halves are compared, and going on like that would have brought `missed` of the way or more,
    of which the rest of the run brought less than a quarter; or less than a tenth, where the rate is below `lower` of
    its peak. Where it is gone so soon that no halves can be compared, a loss that is still above half of its start, and
    stands there, had not settled; nor has one that goes on falling, no slower, by `crept` of itself at no rate to speak
    of. Where no rate was logged, a validation loss that moved and then stands to its last digits, for `long` of the run
    while batches differ, says that weights are at rest.

    **When it stays silent.** Decays over the whole run (cosine, linear, steps) and restarts; a loss that had already
    settled, or that falls slower and slower; a rate that reads 0 while the loss falls, which is rounding.

    **What it costs.** One pass over the recorded numbers.

    **Source.** Goodfellow, Bengio and Courville 2016, Deep learning, section 8.3.1.
    """

    code: ClassVar[str] = "C123"
    name: ClassVar[str] = "early-decay"
    fewest: int = 20  # recorded rates
    zero: float = 0.2  # of the run, at a rate of 0
    low: float = 0.05  # of the peak: next to nothing
    lower: float = 0.2  # of the peak: a rate at which most go on, unless the loss stands still at once
    long: float = 0.5  # of the run, below it: a cosine spends .3 of the run below `lower`
    missed: float = 0.1  # of the way down so far
    crept: float = 0.05  # of the loss, that it fell by without a rate to speak of
    slowed: float = 3.0  # times, that the loss fell faster while there was a rate
    evaluations: int = 8  # at least, to tell rest without a rate in the log
    rounded: float = 2e-4  # of the validation loss: its last digits
    left: float = 0.3  # of the training loss at the start: with less there is little to move weights
    sigmas: float = 4.0  # standard errors

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, rates = finite(subject, LEARNING_RATE)
        name = TRAIN_LOSS if TRAIN_LOSS in subject else VALID_LOSS
        at, losses = finite(subject, name)
        if not len(rates) and (since := self._at_rest(subject)) is not None:
            yield self._resting(subject, since)
            return
        if len(rates) < self.fewest or len(losses) < self.fewest:
            yield Skipped(name=self.name, reason=f"fewer than {self.fewest} rates and losses were recorded")
            return
        peak, length = float(rates.max()), float(max(steps[-1] - steps[0], 1))
        begin, end = _longest(rates <= 1e-8 * peak)
        working = int(steps[np.flatnonzero(rates >= 0.5 * peak)[-1]])  # until then there was a rate to speak of
        if (steps[end - 1] - steps[begin]) / length >= self.zero and not self._falls_between(
            at, losses, int(steps[begin]), int(steps[end - 1])
        ):
            settled = begin > 0 and self._missing(at, losses, working, int(steps[begin])) is None
            yield self._at_zero(steps, rates, (begin, end), settled=settled and end == len(rates))
            return
        for low, brought in ((self.low, 0.25), (self.lower, 0.1)):
            high = np.flatnonzero(rates >= low * peak)
            gone = int(high[-1]) + 1 if len(high) else 0
            if peak <= 0 or gone >= len(rates) or (steps[-1] - steps[gone]) / length < self.long:
                continue
            falls = self._missing(at, losses, working, int(steps[gone]), brought) or self._creeping(
                at, losses, int(steps[gone])
            )
            if falls is not None:
                yield self._decayed(subject, steps, gone, falls, low)
                return

    def _creeping(self, at: NDArray[np.int64], losses: NDArray[np.float64], gone: int) -> _Falls | None:
        """How the loss fell without a rate to speak of, if it did so all the time and no slower at the end.

        The way that weights go in a time is the rate's: what falls straight at a small part of it is far from settled.
        """
        rest = losses[at > gone]
        width = max(3, len(rest) // 8)
        if len(rest) < 12:
            return None
        middle = (len(rest) - width) // 2
        first, half, last = (level(rest[place : place + width]) for place in (0, middle, len(rest) - width))
        error = 1.2533 * noise(rest) * (2 / width) ** 0.5
        early, late = first.value - half.value, half.value - last.value
        if late <= max(self.sigmas * error, 0.5 * early) or early + late < self.crept * abs(first.value):
            return None
        before = (level(losses[:3]).value - first.value) / max(len(losses) - len(rest), 1)
        if before < self.slowed * (early + late) / len(rest):  # what the logged rate does not slow, it does not move
            return None
        return _Falls(0.0, early + late, last.value)

    def _at_rest(self, subject: History) -> int | None:
        """The index of the evaluation since which the validation loss stands, though batches differ; None if it moves.

        Weights that are moved by batches at a rate to speak of tremble, and the loss of the same rows with them.
        """
        steps, losses = finite(subject, VALID_LOSS)
        at, train = finite(subject, TRAIN_LOSS)
        if len(losses) < self.evaluations or len(train) < self.evaluations or losses.min() <= 0:
            return None
        moved = np.flatnonzero(np.abs(losses - losses[-1]) > self.rounded * losses[-1])
        since = int(moved[-1]) + 1 if len(moved) else 0
        late = train[at > steps[min(since, len(steps) - 1)]]
        if not len(moved) or len(losses) - since < self.long * len(losses) or len(late) < 4:
            return None
        apart, still = float(np.ptp(losses[:since])), float(np.ptp(losses[since:]))
        trembles = noise(late) > max(3 * still, self.rounded * abs(float(np.median(late))))
        learnt = float(np.median(late)) < self.left * float(train[0])
        return since if trembles and not learnt and apart > 10 * still else None

    def _resting(self, subject: History, since: int) -> Finding:
        steps, losses = finite(subject, VALID_LOSS)
        share = (int(steps[-1]) - int(steps[since])) / max(int(steps[-1]), 1)
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.SUSPECTED,
            seen=f"The validation loss has stood at {losses[-1]:.5g} to its last digits since step"
            f" {int(steps[since]):,}, {100 * share:.0f} % of the run, while batches differ: the weights are at rest.",
            advice="Log the learning rate; keep it up until the loss is flat for other reasons.",
            causes=("lr_decayed_too_early", "scheduler_per_batch", "dead_relu"),
            experiment="Print the rate at each evaluation: one that is gone explains it; one that is not, that units"
            " are dead or parameters frozen.",
            where=(f"step {int(steps[since])}",),
            evidence={"since": int(steps[since]), "share": share, "validation loss": float(losses[-1])},
        )

    def _falls_between(self, at: NDArray[np.int64], losses: NDArray[np.float64], begin: int, end: int) -> bool:
        inside = losses[(at > begin) & (at <= end)]
        width = max(1, len(inside) // 3)
        return len(inside) >= 4 and level(inside[:width]).above(level(inside[-width:]), sigmas=self.sigmas)

    def _missing(
        self, at: NDArray[np.int64], losses: NDArray[np.float64], working: int, gone: int, brought: float = 0.25
    ) -> _Falls | None:
        """How the loss fell while there was a rate, if that was broken off; None where it had settled.

        Looked at up to the last step with a rate to speak of, and once more over the later half of the time until it
        was gone, since a rate that shrinks bit by bit goes on training.
        """
        count, last = (int(np.searchsorted(at, step, side="right")) for step in (working, gone))
        if count < 12:  # no halves to compare: the rate was there for a moment only
            start, end = level(losses[:3]), level(losses[-max(3, len(losses) // 4) :])
            left = level(losses[max(0, last - 3) : last + 3]).value - end.value
            sunk = count <= 0.1 * len(losses) and left < self.missed * abs(start.value)
            sunk = sunk and start.value - end.value < 0.5 * abs(start.value)
            return _Falls(0.0, left, end.value) if sunk else None
        return self._compare(losses, 0, count, brought) or self._compare(losses, last // 2, last, brought)

    def _compare(self, losses: NDArray[np.float64], begin: int, end: int, brought: float) -> _Falls | None:
        """The halves of a stretch, what going on like that would have brought, and what the rest did bring."""
        count, rest = end - begin, losses[end:]
        width = max(3, min(50, count // 4))
        if count < 12 or len(rest) < 3:
            return None
        middle = begin + (count - width) // 2
        marks = [level(losses[place : place + width]) for place in (begin, middle, end - width)]
        finish = level(rest[-min(50, max(3, len(rest) // 4)) :])
        first, second = marks[0].value - marks[1].value, marks[1].value - marks[2].value
        error = 1.2533 * noise(losses[begin:end]) * (2 / width) ** 0.5  # few values do not tell their own noise
        if second <= self.sigmas * error or first <= 0:
            return None
        after = marks[2].value - finish.value
        halves = len(rest) / (count / 2)  # how many more there were
        ratio = min(second / first, 1.0)
        expected = second * (halves if ratio == 1.0 else ratio * (1 - ratio**halves) / (1 - ratio))
        way = level(losses[:width]).value - marks[2].value
        if expected < max(self.missed * way, self.sigmas * error) or after > brought * expected:
            return None
        return _Falls(second, after, finish.value)

    def _at_zero(
        self, steps: NDArray[np.int64], rates: NDArray[np.float64], stretch: tuple[int, int], *, settled: bool
    ) -> Finding:
        begin, end = stretch
        share = (steps[end - 1] - steps[begin]) / max(steps[-1] - steps[0], 1)
        causes: tuple[str, ...] = ("schedule_length_mismatch", "scheduler_per_batch", "lr_decayed_too_early")
        small = (rates > 0) & (rates < 1e-3 * rates.max())
        if small[:begin].sum() >= 3:  # it went by factors, as a decay a step does that was meant for epochs
            causes = ("scheduler_per_batch", "lr_decayed_too_early", "schedule_length_mismatch")
        if begin == 0:
            causes = ("schedule_length_mismatch", "warmup_longer_than_run", "scheduler_per_epoch")
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE if settled else Severity.WARNING,  # some stop a run so, once it is done
            seen=f"The learning rate is 0 from step {int(steps[begin]):,} to step {int(steps[end - 1]):,},"
            f" {100 * share:.0f} % of the run, and the loss stands still.",
            advice="Give the schedule the number of optimizer steps that the run makes.",
            causes=causes,
            experiment="Print the rate once an epoch beside how often the scheduler was stepped: once a batch where it"
            " counts epochs explains it, otherwise its length is wrong.",
            where=(f"step {int(steps[begin])}", f"step {int(steps[end - 1])}"),
            evidence={"share": float(share), "from": int(steps[begin]), "to": int(steps[end - 1])},
        )

    def _decayed(self, subject: History, steps: NDArray[np.int64], gone: int, falls: _Falls, low: float) -> Finding:
        share = (int(steps[-1]) - int(steps[gone])) / max(int(steps[-1] - steps[0]), 1)
        at, epochs = finite(subject, EPOCH)
        passed = int(np.searchsorted(at, steps[gone], side="right"))
        within = len(epochs) > 0 and epochs[max(passed - 1, 0)] <= 1 and epochs[-1] >= 2
        before = f"had been falling by {falls.before:.3g} in half of the time until then and " if falls.before else ""
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            seen=f"The learning rate is below {100 * low:.0f} % of its peak from step {int(steps[gone]):,} on,"
            f" {100 * share:.0f} % of the run; the loss {before}fell by {falls.after:.3g} in all the rest, to"
            f" {falls.end:.4g}.",
            advice="Stretch the schedule to the length of the run, or keep the rate until the loss is flat.",
            causes=("lr_decayed_too_early", "scheduler_per_batch", "schedule_length_mismatch")
            if not within
            else ("scheduler_per_batch", "lr_decayed_too_early", "schedule_length_mismatch"),
            experiment="Go on from the last weights at a fifth of the peak rate: a loss that falls again was only short"
            " of rate.",
            where=(f"step {int(steps[gone])}",),
            evidence={"from": int(steps[gone]), "share": share, "fall before": falls.before, "fall after": falls.after},
        )


def _longest(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """First index of the longest run of true values, and the one behind its last; (0, 1) where there is none."""
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 1
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest])
