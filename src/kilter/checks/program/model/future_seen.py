"""What is said of the next place of a sequence does not depend on the places after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.examples import batch_size
from kilter.checks.program.model.scene import Scene, difference, rounding, scene
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path

SHIFTED: Final = 0.9
"""Share of places at which the target must be the input's next one; padding and ends of texts are the rest."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FutureSeen(ProgramProbe):
    """A model of what comes next says the same of a place whatever comes after it.

    **What it proves.** The model looks ahead: attention without a causal mask or with its mirror image, a recurrent or
    convolutional layer that reads backwards, a pooling or normalisation over all places. It is then asked for what it
    is shown; its loss falls far below what it can do when it writes, where nothing comes after.

    **How.** The sequence is the argument whose next places are the targets; `causal=True` says it of every argument
    that has the outputs' places. After some updates, the second part of each row is exchanged for that of another row,
    in evaluation mode; outputs at the places before are compared.

    **When it stays silent.** Outputs agree to `tolerance` of their size, or to ten times what two identical calls
    differ by; skipped where targets are not the inputs' next places and `causal` is not said, and with `causal=False`.

    **What it costs.** Three forward passes of a batch.

    **Source.** Vaswani et al. 2017, Attention is all you need (NeurIPS), section 3.2.3; Karpathy 2019, A recipe for
    training neural networks, "use backprop to chart dependencies".
    """

    code: ClassVar[str] = "M103"
    name: ClassVar[str] = "future-seen"
    tolerance: float = 1e-4  # of the largest output

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        if seen is None or bench.program.causal is False:
            yield Skipped(name=self.name, reason="no call of the model was seen, or it is said not to be causal")
            return
        growing = _growing(bench, seen)
        if growing is None:
            yield Skipped(name=self.name, reason="no argument is known whose next places are to be told")
            return
        paths, dim = growing
        try:
            size = self._change(seen, paths, dim)
        except PersonsCodeFailed:
            size = None
        if size is None:
            yield Skipped(name=self.name, reason="outputs have no place for each place of the sequence")
        elif size > self.tolerance:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE,
                strength=Strength.PROVED,
                seen=f"Outputs changed by {size:.2g} of their size when only the places after them were exchanged, in"
                " evaluation mode: the model sees what it is asked for.",
                advice="Mask later places in the attention (`is_causal=True`, or an upper triangle of -inf), read in"
                " one direction, and pool or normalise nothing over places.",
                causes=("future_leak", "labels_shifted"),
                follows=("rows-mixed", "softmax-place"),
                evidence={"change": size, "arguments": [".".join(str(p) for p in path[1:]) for path in paths]},
            )

    def _change(self, seen: Scene, paths: tuple[Path, ...], dim: int) -> float | None:
        arguments = seen.arguments
        width = arguments[paths[0]].shape[dim]
        kept = max(1, width // 2)
        new = {path: _exchanged(arguments[path], dim, kept) for path in paths}
        if all(torch.equal(arguments[path], tensor) for path, tensor in new.items()):
            return None
        count = arguments[paths[0]].shape[1 - dim]
        before = _by_place(seen.with_arguments({}), width, count, dim)
        again = _by_place(seen.with_arguments({}), width, count, dim)
        after = _by_place(seen.with_arguments(new), width, count, dim)
        found = [
            size if size > max(10 * difference(left[:, :kept], again[path][:, :kept]), rounding(left)) else 0.0
            for path, left in before.items()
            if path in after and path in again
            for size in [difference(left[:, :kept], after[path][:, :kept])]
        ]
        return max(found) if found else None


def _growing(bench: Bench, seen: Scene) -> tuple[tuple[Path, ...], int] | None:
    """The arguments whose later places are exchanged, and the dimension of places."""
    batch = leaves(seen.batch)
    targets = [batch[path] for path in bench.roles.targets if path in batch]
    targets += [call.arguments[1] for call in seen.seen.losses if _has_target(call.arguments)]
    arguments = {path: tensor for path, tensor in seen.arguments.items() if tensor.ndim >= 2}
    for path, tensor in arguments.items():
        for dim in (1, 0):
            if any(_next_places(tensor, target, dim) for target in targets):
                return (path,), dim
    loss_inside = [p for p in seen.arguments if p[0] == "by" and p[-1] == "labels"]
    if loss_inside and bench.program.task is Kind.GENERATION:
        labels = seen.arguments[loss_inside[0]]
        for path, tensor in arguments.items():
            if path not in loss_inside and tensor.shape == labels.shape and _alike(tensor, labels) >= SHIFTED:
                return (path,), 1
    if bench.program.causal:
        width = {tensor.shape[1] for tensor in seen.outputs.values() if tensor.ndim >= 2}
        count = batch_size(seen)
        whole = tuple(p for p, t in arguments.items() if t.shape[0] == count and t.shape[1] in width and t.shape[1] > 2)
        return (whole, 1) if whole else None
    return None


def _has_target(arguments: tuple[object, ...]) -> bool:
    return len(arguments) > 1 and isinstance(arguments[1], torch.Tensor)


def _next_places(tensor: Tensor, target: Tensor, dim: int) -> bool:
    """Whether a target is its input one place further on."""
    if tensor.shape[dim] < 3:
        return False
    if target.numel() == tensor.numel() and target.shape != tensor.shape and target.ndim == 1:
        target = target.reshape(tensor.shape)
    if target.shape != tensor.shape:
        return False
    width = tensor.shape[dim]
    return _alike(tensor.narrow(dim, 1, width - 1), target.narrow(dim, 0, width - 1)) >= SHIFTED


def _alike(left: Tensor, right: Tensor) -> float:
    """Share of places that are the same, of those where the left one varies and the right one is asked for."""
    asked = right >= 0 if not right.is_floating_point() else torch.ones_like(right, dtype=torch.bool)
    if int(asked.sum()) < 4 or len(torch.unique(left)) < 3:
        return 0.0
    return float((left == right)[asked].double().mean())


def _exchanged(tensor: Tensor, dim: int, kept: int) -> Tensor:
    """The same with each row's later places taken from its neighbour."""
    other = tensor.clone()
    later = tensor.narrow(dim, kept, tensor.shape[dim] - kept)
    turned = later.roll(1, 1 - dim)
    if tensor.shape[1 - dim] == 1:  # one row: its own places in another order
        turned = later.flip(dim)
    other.narrow(dim, kept, tensor.shape[dim] - kept).copy_(turned)
    return other


def _by_place(outputs: Mapping[Path, Tensor], width: int, count: int, dim: int) -> dict[Path, Tensor]:
    """Outputs (count, width, ...) that have a place for each place; classes may stand second, rows may be flat."""
    found = {}
    for path, tensor in outputs.items():
        if not tensor.is_floating_point() or not tensor.ndim:
            continue
        first = (count, width) if dim == 1 else (width, count)
        if tensor.shape[:2] == first:
            found[path] = tensor if dim == 1 else tensor.transpose(0, 1)
        elif tensor.ndim >= 2 and tensor.shape[0] == count * width:
            rows = tensor.reshape(*first, *tensor.shape[1:])
            found[path] = rows if dim == 1 else rows.transpose(0, 1)
        elif tensor.ndim == 3 and (tensor.shape[0], tensor.shape[2]) == (count, width):
            found[path] = tensor.transpose(1, 2)
    return found
