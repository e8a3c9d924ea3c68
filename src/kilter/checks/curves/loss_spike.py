"""The training loss jumps for a batch or two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.curves.series import finite, moving_target, noise, of_both_signs
from kilter.values.curve_names import BATCH, LEARNING_RATE, TRAIN_LOSS
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Spike(NamedTuple):
    """A loss that stands out.

    Attributes:
        at: its place among the recorded losses.
        level: of the losses before it.
        noise: of the losses before it, one standard deviation.
        excess: how far it stands above that level.
    """

    at: int
    level: float
    noise: float
    excess: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossSpike(Check[History]):
    """The loss of one batch, or of a few in a row, is far above those before it and after it.

    **What it proves.** Something about that step was unlike all others: its batch, or weights that the step before had
    thrown far off. A note, since trainings mostly recover; a warning where the losses after it are higher than those
    before it, where it comes again at regular distances, or where the same batch brings it again.

    **How.** Each loss against the two before it: it must jump by `beyond` times the largest jump that windows of
    `width` before it usually hold. It must stand above the median of the losses before it by `sigmas` times their noise
    (from second differences, so that a fall is none), and by a fifth (`share`) of all that the loss has come down, or
    of its size where it has not. Where the batches have a fingerprint (`train.batch`) spikes are compared by it.

    **When it stays silent.** Games, whose target moves. Heavy tails: a spike is unlike what windows usually hold. A
    loss that climbs over several steps or stays up for more than `longest` is no spike, but a jump or the restart of a
    cyclical rate. Before `width` steps.

    **What it costs.** One pass over the recorded losses.

    **Source.** Zhang et al. 2022, OPT: open pre-trained transformer language models, section 2.5; Chowdhery et al.
    2022, PaLM, section 5.1 (spikes that come from a batch in a state of the weights).
    """

    code: ClassVar[str] = "C130"
    name: ClassVar[str] = "loss-spike"
    width: int = 20  # losses in a window
    sigmas: float = 10.0  # times the noise
    beyond: float = 5.0  # times the middle of the largest jumps of the windows before
    tail: int = 10  # windows that are looked back on
    most: int = 100  # windows with the largest jumps, which are looked at closely
    share: float = 0.2  # of what the loss has come down
    longest: int = 8  # steps; what lasts longer is no spike
    lost: float = 0.3  # of what had been gained, by which the losses after it are higher for one to two windows
    early: int = 3  # windows, in which a training that begins may be thrown about
    times: int = 4  # spikes at equal distances that are no chance

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        steps, losses = finite(subject, TRAIN_LOSS)
        if len(losses) <= self.width:
            yield Skipped(name=self.name, reason=f"no more than {self.width} losses were recorded")
            return
        if played := moving_target(subject) or ("both signs of the loss" if of_both_signs(losses) else ""):
            yield Skipped(name=self.name, reason=f"{played}: a loss whose target moves is no measure")
            return
        spikes = self.spikes(losses)
        if not spikes:
            return
        worst = spikes[-1]
        again = self._regular([int(steps[spike.at]) for spike in spikes]), self._same_batch(subject, steps, spikes)
        back = [None if _rate_rose(subject, steps, spike) else self._set_back(losses, spike) for spike in spikes]
        harm = next((after for after in reversed(back) if after is not None), None)
        if harm is not None:
            worst = spikes[max(at for at, after in enumerate(back) if after is not None)]
        step = int(steps[worst.at])
        said = ""
        if again[1]:
            said = f"; the same batch did so at {again[1]} steps"
        elif again[0]:
            said = f"; so it does every {again[0]} steps"
        elif harm is not None:
            said = f", and the losses after it are about {harm:.4g}"
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if said else Severity.NOTE,
            seen=f"The training loss was {losses[worst.at]:.4g} at step {step:,} and about {worst.level:.4g} before it,"
            f" {worst.excess / max(worst.noise, 1e-12):.0f} times its noise above{said}.",
            advice="Look at the rows of that batch; clip the gradient, so that one batch cannot throw the weights off.",
            causes=("data_anomaly", "missing_grad_clip", "lr_too_high")
            if any(again) or harm is None
            else ("data_anomaly", "lr_too_high", "missing_grad_clip"),
            experiment="Compute the loss of that batch alone with the weights of now: if it is still far above that of"
            " others, its rows are at fault, else the rate is.",
            where=(f"step {step}",),
            evidence={
                "batch": step,
                "loss": float(losses[worst.at]),
                "before": worst.level,
                "noise": worst.noise,
                "spikes": [int(steps[spike.at]) for spike in spikes][-20:],
            },
            follows=("odd-batch", "rate-jump", "explosion"),
        )

    def spikes(self, losses: NDArray[np.float64]) -> list[Spike]:
        """The losses that stand out, the oldest first; of neighbours the highest."""
        jumps = np.zeros(-(-len(losses) // self.width) * self.width)
        jumps[2 : len(losses)] = losses[2:] - np.maximum(losses[1:-1], losses[:-2])
        windows = jumps.reshape(-1, self.width)
        most = windows.max(axis=1)
        usual = np.median(np.lib.stride_tricks.sliding_window_view(np.pad(most, (self.tail, 0), "edge"), self.tail), 1)
        for window in range(1, min(self.tail, len(most))):
            usual[window] = np.median(most[:window])
        least = np.maximum(self.beyond * usual[: len(most)], 0.0)
        high = np.flatnonzero((most > least) & (np.arange(len(most)) > 0))
        high = np.sort(high[np.argsort(most[high])][-self.most :])
        places = [
            int(at) for window in high for at in window * self.width + np.flatnonzero(windows[window] > least[window])
        ]
        spikes = [spike for at in places if (spike := self._spike(losses, at)) is not None]
        return [spike for spike in _highest(spikes, self.longest) if self._is_one(losses, spike)]

    def _spike(self, losses: NDArray[np.float64], at: int) -> Spike | None:
        """A loss that jumped, if it stands out from those before it."""
        before = losses[max(0, at - 2 * self.width) : at]
        level, spread = float(np.median(before[-self.width // 2 :])), noise(before)
        excess = float(losses[at]) - level
        gained = max(float(np.median(losses[: self.width])) - level, 0.0) or abs(level)
        return Spike(at, level, spread, excess) if excess > max(self.sigmas * spread, self.share * gained) else None

    def _is_one(self, losses: NDArray[np.float64], spike: Spike) -> bool:
        """It comes out of calm, and goes back."""
        calm = float(losses[max(0, spike.at - 3) : spike.at].min()) <= spike.level + 0.3 * spike.excess
        following = losses[spike.at + 1 : spike.at + 1 + 2 * self.longest]
        back = len(following) < self.longest or float(np.median(following)) < spike.level + 0.5 * spike.excess
        return calm and back

    def _set_back(self, losses: NDArray[np.float64], spike: Spike) -> float | None:
        """The level after a spike, where it stays higher than before by more than noise and a part of the gain."""
        following = losses[spike.at + self.longest : spike.at + self.longest + 2 * self.width]
        gained = float(np.median(losses[: self.width])) - spike.level
        if spike.at < self.early * self.width or len(following) < self.width or gained <= 0:
            return None
        rest = min(float(np.median(following)), float(np.median(following[-self.width // 2 :])))
        error = 1.2533 * spike.noise * np.hypot(1 / np.sqrt(self.width // 2), 1 / np.sqrt(self.width))
        return rest if rest - spike.level > max(5 * float(error), self.lost * gained) else None

    def _regular(self, steps: list[int]) -> int:
        """The distance at which spikes come again; 0 where they are few, or where it differs."""
        distances = np.diff(steps)
        if len(steps) < self.times or distances.max() - distances.min() > 0.02 * distances.max():
            return 0
        return round(float(distances.mean()))

    def _same_batch(self, subject: History, steps: NDArray[np.int64], spikes: list[Spike]) -> int:
        """How many spikes the batch has brought that brought most of them; 0 where none did twice."""
        at, prints = finite(subject, BATCH)
        if len(spikes) < 2 or not len(at):
            return 0
        known = [prints[at == steps[spike.at]] for spike in spikes]
        _, counts = np.unique(np.concatenate(known), return_counts=True)
        distinct = len(np.unique(prints))
        return int(counts.max()) if len(counts) and counts.max() > 1 and distinct > counts.max() else 0


def _rate_rose(subject: History, steps: NDArray[np.int64], spike: Spike) -> bool:
    """Whether the rate was raised about a spike: then it is the rate that harms."""
    at, rates = finite(subject, LEARNING_RATE)
    place = int(np.searchsorted(at, steps[spike.at]))
    about = rates[max(0, place - 4) : place + 4]
    return len(about) > 1 and float(about.max()) > 1.5 * float(about[0])


def _highest(candidates: list[Spike], apart: int) -> list[Spike]:
    """Of candidates that stand no further apart, the highest one."""
    kept: list[Spike] = []
    last = -apart - 1
    for spike in candidates:
        if spike.at - last > apart:
            kept.append(spike)
        elif spike.excess > kept[-1].excess:
            kept[-1] = spike
        last = spike.at
    return kept
