"""A network of several layers that computes no more than one of them could."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.activity import activity
from kilter.checks.program.model.depth import layers
from kilter.checks.program.model.scene import Scene, scene
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AffineNetwork(ProgramProbe):
    """The outputs are a straight-line function of the inputs, though layers are stacked.

    **What it proves.** Without a non-linear function between them, linear layers make one linear layer: the depth adds
    nothing, and what is not linear cannot be learnt.

    **How.** In evaluation mode the model is given pairs of inputs and the points half-way between them. If outputs
    half-way are the mean of the outputs at both ends, for every pair, the function is affine. Outputs that are
    probabilities are taken back through their logarithm or logit first.

    **When it stays silent.** Inputs are tokens; outputs bend anywhere; there is a bottleneck, as in a low-rank
    factorisation or a linear autoencoder: some layer between is narrower than both the input and the output. It is a
    note where only one layer lies between and none of them is wider than both ends.

    **What it costs.** Three forward passes.
    """

    code: ClassVar[str] = "M108"
    name: ClassVar[str] = "affine-network"
    bend: float = 1e-4  # of the distance between outputs: a rounding of 32 bits through a dozen layers is below

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        if seen is None or seen.seen.module is not seen.made.model:
            yield Skipped(name=self.name, reason="no call of the whole model was seen")
            return
        inputs = {p: t for p, t in seen.arguments.items() if t.is_floating_point() and t.ndim > 1}
        if not inputs or len(inputs) < len([t for t in seen.arguments.values() if t.ndim > 1]):
            yield Skipped(
                name=self.name, reason="the model's inputs are not all numbers between which there are others"
            )
            return
        weights = [name for name in bench.recording.names if name in activity(bench).applied]
        if len(weights) < 2:
            yield Skipped(name=self.name, reason="the model has fewer than two layers of weights")
            return
        try:
            bend = _bend(seen, inputs)
        except PersonsCodeFailed:
            yield Skipped(name=self.name, reason="the model does not take inputs between two others")
            return
        if bend is None or bend > self.bend:
            return
        severity = _intended(bench, weights, inputs)
        if severity is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=f"Outputs half-way between two inputs are the mean of both (to {bend:.1g} of their distance): the"
            f" {counted(len(weights), 'layer')} of weights make one linear layer.",
            advice="Put a non-linear function, such as ReLU, between the layers.",
            follows=("symmetric-units",),
            causes=("missing_activation",),
            evidence={"bend": bend, "layers": len(weights)},
        )


def _bend(seen: Scene, inputs: dict[Path, Tensor]) -> float | None:
    """The largest second difference as a share of the first, by the kindest reading of the outputs."""
    ends = {path: tensor.roll(1, 0) for path, tensor in inputs.items()}
    middle = {path: (tensor + ends[path]) / 2 for path, tensor in inputs.items()}
    left, right, between = seen.outputs, seen.with_arguments(ends), seen.with_arguments(middle)
    worst: float | None = None
    for path, tensor in left.items():
        if not tensor.is_floating_point() or tensor.ndim < 2 or path not in right or path not in between:
            continue
        if tensor.shape != right[path].shape or tensor.shape != between[path].shape:
            return None
        triple = [t.detach().double() for t in (tensor, right[path], between[path])]
        found = [_second(*reading) for reading in _readings(triple)]
        told = [size for size in found if size is not None]
        if not told:
            return None
        worst = max(worst or 0.0, *[min(told)])
    return worst


def _readings(triple: list[Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The outputs as they are, and as what they may have been before a last softmax or sigmoid."""
    yield triple[0], triple[1], triple[2]
    low, high = min(float(t.min()) for t in triple), max(float(t.max()) for t in triple)
    if high <= 0:  # logarithms of probabilities: known up to a constant for each row
        yield _centred(triple)
    if low > 0 and high < 1:
        yield _centred([t.log() for t in triple])
        logits = [t.logit() for t in triple]
        yield logits[0], logits[1], logits[2]


def _centred(triple: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    first, second, third = (t - t.mean(-1, keepdim=True) for t in triple)
    return first, second, third


def _second(left: Tensor, right: Tensor, middle: Tensor) -> float | None:
    distance = float((left - right).abs().max())
    if not distance > 1e-5 * float(left.abs().max()):
        return None
    return float((left + right - 2 * middle).abs().max()) / distance


def _intended(bench: Bench, weights: list[str], inputs: dict[Path, Tensor]) -> Severity | None:
    """How surely the depth was meant to bend: by the widths between; None where a bottleneck says the contrary."""
    shapes = [bench.recording.shapes[name] for name in weights]
    deep = layers(bench)
    between = [shape[0] for shape in shapes[:-1]]
    ends = min(next(iter(inputs.values()))[0].numel(), shapes[-1][0])
    if len(deep) < 2 or min(between) < ends:
        return None
    widest = max(next(iter(inputs.values())).shape[-1], shapes[-1][0])
    return Severity.WARNING if len(between) > 1 or between[0] >= widest else Severity.NOTE
