"""Inputs and targets in numbers that a network can work with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

import torch

from kilter.checks.program.batches.given import given, named
from kilter.checks.program.batches.small_runs import SmallRun, small_run
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import leaves, with_leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputScale(ProgramProbe):
    """Inputs have scales that the model can work with.

    **What it proves.** Columns of the input differ in size by orders of magnitude, or all are large, or tiny, and it
    learns much better in its first steps when they are standardised: as they are, the large columns drown the others
    and saturate what follows, and tiny ones are drowned by the biases.

    **How.** Where spreads or sizes of the columns are out of proportion, some steps of the program are run twice from
    one seed: on batches as they are, and on batches whose inputs were standardised.

    **When it stays silent.** Columns are within a factor of `apart`, or none is wider than `usual`, and they are no
    larger than `large`, and not all narrower than `narrow`; the program does as well on the inputs as they are, since
    it normalises first, or needs it not; indices and tokens are no amounts.

    **What it costs.** Nothing where columns are in proportion; else twice some steps of training, at most 240.

    **Source.** LeCun et al. 1998, Efficient backprop, 4.3; Schoop et al. 2021, UMLAUT (CHI), input not normalised.
    """

    code: ClassVar[str] = "B112"
    name: ClassVar[str] = "input-scale"
    apart: float = 30.0  # of the largest spread of a column, over the smallest
    usual: float = 5.0  # spread up to which a fresh layer works as it was meant to: rare columns in 0 to 1 are no fault
    large: float = 20.0  # root mean square
    narrow: float = 0.02  # spread of the widest column below which all are tiny: in counts scaled to length 1 it is not
    gain: float = 0.15  # in quality, and half over the root of the rows

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        scales: dict[Path, tuple[Tensor, Tensor]] = {}
        odd: dict[Path, tuple[float, float]] = {}
        for path in bench.roles.inputs:
            joined = given(bench).train.joined(path)
            if joined is None or not joined.is_floating_point() or not bool(torch.isfinite(joined).all()):
                continue
            numbers = joined.double()
            over = [0, *range(2, numbers.ndim)]  # columns or channels keep scales of their own
            middle, spread = numbers.mean(over, keepdim=True), numbers.std(over, keepdim=True, unbiased=False)
            alive = spread > 1e-8 * (1e-8 + middle.abs())  # rounding of a constant
            if not bool(alive.any()):
                continue
            scales[path] = (middle, torch.where(alive, spread, torch.ones_like(spread)))
            sizes = spread[alive]
            ratio, root = float(sizes.max() / sizes.min()), float((numbers**2).mean().sqrt())
            out_of_proportion = ratio > self.apart and float(sizes.max()) > self.usual
            if out_of_proportion or root > self.large or float(sizes.max()) < self.narrow:
                odd[path] = (ratio, root)
        if not odd:
            return

        def standardised(batch: Any) -> Any:
            tensors = leaves(batch)
            new = {
                path: ((tensors[path].double() - middle) / spread).to(tensors[path].dtype)
                for path, (middle, spread) in scales.items()
                if path in odd and path in tensors
            }
            return with_leaves(batch, new)

        raw = small_run(bench, "as it is", _same)
        mended = small_run(bench, "inputs standardised", standardised)
        if raw.quality is None or mended.quality is None:
            yield Skipped(name=self.name, reason="nothing says how good the program's predictions are")
            return
        if mended.quality - raw.quality < self.gain + 0.5 / math.sqrt(max(1, raw.rows)):
            return
        path, (ratio, root) = next(iter(odd.items()))
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("unnormalized_input",),
            seen=f"Columns of {named(path)} have spreads that differ by a factor of {ratio:,.3g} (root mean square"
            f" {root:,.3g}); {raw.steps} steps on them come to a quality of {raw.quality:.2f}, on standardised ones to"
            f" {mended.quality:.2f}.",
            advice="Standardise the inputs by mean and spread of the training rows, or begin the model with a"
            " normalisation.",
            where=tuple(named(path) for path in odd),
            follows=("numbers-missing", "one-input", "huge-rows"),
            evidence={"ratio": ratio, "size": root, "steps": raw.steps, "raw": raw.quality, "mended": mended.quality},
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetScale(ProgramProbe):
    """Targets of a regression lie where the outputs can get to.

    **What it proves.** Targets are much larger than what the model answers at first, or far from it, and at the pace of
    its first steps it will not get there: on standardised targets the same steps learn, on these they do not.

    **How.** Where sizes of target and first answer are out of proportion, some steps of the program are run twice from
    one seed, with the targets as they are and standardised.

    **When it stays silent.** Sizes are within a factor of `apart`; the program learns on its targets, too, or is on
    its way there within the planned training.

    **What it costs.** Nothing where sizes are in proportion; else twice some steps of training, at most 240.

    **Source.** Bishop 1995, Neural networks for pattern recognition, 8.2.
    """

    code: ClassVar[str] = "B113"
    name: ClassVar[str] = "target-scale"
    apart: float = 8.0  # root mean square of the target over that of the first answers
    learns: float = 0.3  # R² on standardised targets: more than some dozen steps reach by luck
    gain: float = 0.25  # in R²: most of what is learnt there is missing here

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        if bench.program.task is not Kind.REGRESSION or not given(bench).train.batches:
            yield Skipped(name=self.name, reason="it is no regression")
            return
        pair = bench.predicted(bench.made(), given(bench).train.batches[0])
        if pair is None or not pair.target.is_floating_point():
            yield Skipped(name=self.name, reason="predictions and targets are not seen")
            return
        size = float(pair.target.double().pow(2).mean().sqrt())
        answered = float(pair.given.double().pow(2).mean().sqrt())
        if not math.isfinite(size) or size < self.apart * max(answered, 1.0):  # a fresh layer's usual size
            return
        scales = {}
        for path in bench.roles.targets:
            joined = given(bench).train.joined(path)
            if joined is not None and joined.is_floating_point():
                numbers = joined.double()
                spread = numbers.std(0, keepdim=True, unbiased=False)
                scales[path] = (numbers.mean(0, keepdim=True), torch.where(spread > 0, spread, torch.ones_like(spread)))

        def standardised(batch: Any) -> Any:
            tensors = leaves(batch)
            new = {
                p: ((tensors[p].double() - m) / s).to(tensors[p].dtype) for p, (m, s) in scales.items() if p in tensors
            }
            return with_leaves(batch, new)

        raw = small_run(bench, "as it is", _same)
        mended = small_run(bench, "targets standardised", standardised)
        if raw.quality is None or mended.quality is None:
            yield Skipped(name=self.name, reason="nothing says how good the program's predictions are")
            return
        if (
            mended.quality < self.learns
            or raw.quality > self.learns
            or mended.quality - max(raw.quality, 0.0) < self.gain
            or self._gets_there(raw)
        ):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            causes=("unnormalized_target", "output_range_mismatch"),
            seen=f"Targets have a root mean square of {size:,.3g}, the model's first answers {answered:,.3g};"
            f" {raw.steps} steps come to an R² of {raw.quality:.2f}, on standardised targets {mended.quality:.2f}.",
            advice="Standardise the targets by mean and spread of the training rows, and scale predictions back.",
            follows=("numbers-missing", "huge-rows", "one-target"),
            evidence={"size": size, "answered": answered, "raw": raw.quality, "mended": mended.quality},
        )

    def _gets_there(self, raw: SmallRun) -> bool:
        """Whether the whole training is twice as long as the pace of the first steps needs."""
        before, after = (math.sqrt(max(0.0, error)) for error in raw.error)
        pace = (before - after) / max(before - 1, 1e-9) / max(1, raw.steps)  # of the way to the spread of the targets
        return pace > 0 and raw.planned >= max(2 / pace, raw.steps + 1)


def _same(batch: Any) -> Any:
    return batch
