"""A batch size that was found: what was measured, what fits, what is fastest, and where larger ones stop paying."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final

from kilter.values.finding import Finding


class Counted(StrEnum):
    """What a limit of memory counts; a peak is compared with it in the same unit."""

    RESIDENT = "resident memory"
    ADDRESSES = "address space"
    DATA = "data"
    DEVICE = "device memory"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The memory that a training may take.

    Attributes:
        bytes: that the process may hold in all, what is kept back already off.
        counts: what is counted against it.
        source: where the limit stands: the device, a cgroup, a limit of the process, the machine, or who asks.
        kept_back: the share of what was free that is left alone, for what differs from step to step.
    """

    bytes: int
    counts: Counted
    source: str
    kept_back: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeProbe:
    """A batch size as a child process met it, on the widest examples, with optimizer state and evaluation.

    Attributes:
        size: examples a batch.
        peak: the most bytes that were held, and a share of what comes and goes with each step, which differs from run
            to run; None where the process was killed before it could say.
        between: bytes that were held after a step, before the next one: weights, gradients, optimizer state, and what
            the process had before; None as above.
        fits: whether it came to its end within the budget.
        said: what happened, in words.
        steps: training steps that were made.
    """

    size: int
    peak: int | None
    fits: bool
    said: str
    between: int | None = None
    steps: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StepTime:
    """How long a training step takes at a batch size.

    Attributes:
        size: examples a batch.
        seconds: of a step on a batch of average width.
    """

    size: int
    seconds: float

    @property
    def examples_per_second(self) -> float:
        """What it learns from in a second.

        >>> StepTime(size=32, seconds=0.5).examples_per_second
        64.0
        """
        return self.size / self.seconds


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseScale:
    """The gradient noise scale: the batch size at which noise and gradient are alike (McCandlish et al. 2018, 2.2).

    Below it twice the batch saves nearly half the steps; far above it next to nothing.

    Attributes:
        examples: the scale; None where the gradient did not stand out of its noise.
        low: lower end of its interval of 95 %.
        high: upper end; None where nothing bounds it.
        batches: gradients that it was told from.
        after: training steps before it was measured; it grows as the loss falls.
    """

    examples: float | None
    low: float
    high: float | None
    batches: int
    after: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateScaling:
    """What the learning rate should become with another effective batch.

    Attributes:
        factor: what it is multiplied with.
        rule: its name and source, in words.
    """

    factor: float
    rule: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSuggestion:
    """A batch size, and everything that speaks for it.

    Attributes:
        size: what to use: the smallest that gets as far in a second as any, within a few percent, and fits.
        largest: the largest that was tried and fits; never one that was not tried.
        bounded_by: what keeps it from being larger: memory, data (the whole split in one batch), or asked.
        budget: the memory there was.
        probes: every size whose memory was measured, in the order of measuring.
        times: every size that was timed, from the largest down.
        noise: where larger batches stop paying; None where it was not measured.
        accumulate: batches that make one step, where an effective batch was asked for.
        scaling: what the learning rate should become; None where the effective batch stays.
        findings: what a person should know.
    """

    size: int
    largest: int
    bounded_by: str
    budget: Budget
    probes: tuple[SizeProbe, ...]
    times: tuple[StepTime, ...] = ()
    noise: NoiseScale | None = None
    accumulate: int = 1
    scaling: RateScaling | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def steps(self) -> int:
        """Training steps that were spent on finding the largest."""
        return sum(probe.steps for probe in self.probes)

    def __str__(self) -> str:
        said = f"batch size {self.size}"
        if self.accumulate > 1:
            said += f", {self.accumulate} batches a step"
        held = next((probe.peak for probe in self.probes if probe.size == self.largest and probe.fits), None)
        peak = "" if held is None else f" ({held / 2**20:,.0f} MiB of {self.budget.bytes / 2**20:,.0f})"
        bound = {"memory": "memory allows no more", "data": "the whole split", "asked": "as many as were asked for"}
        return f"{said}; the largest that fits is {self.largest}{peak}: {bound.get(self.bounded_by, self.bounded_by)}"

    def __repr__(self) -> str:
        return f"BatchSuggestion({self})"
