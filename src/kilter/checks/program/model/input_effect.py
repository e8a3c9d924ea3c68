"""How much a model's outputs change when its inputs are those of other examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.scene import Scene, difference, scene
from kilter.checks.program.roles import TARGET_KEYWORDS
from kilter.engine.trees import leaves

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path

NOTHING: Final = 1e-6
"""Share of the largest output: what 32 bits can tell apart."""


def ignores_input(bench: Bench) -> bool:
    """Whether outputs do not answer to the inputs at all, neither before the first update nor after some."""
    return bench.once(("ignores input",), lambda: all(_unmoved(bench, settled=settled) for settled in (True, False)))


def _unmoved(bench: Bench, *, settled: bool) -> bool:
    seen = scene(bench, settled=settled)
    turned = {} if seen is None else turned_inputs(bench, seen)
    if seen is None or not turned or not any(t.is_floating_point() for t in seen.outputs.values()):
        return False
    try:
        return effect(seen, turned) <= NOTHING
    except PersonsCodeFailed:
        return False


def effect(seen: Scene, new: dict[Path, Tensor]) -> float:
    """The largest change of an output for other arguments, as a share of its size.

    Raises:
        PersonsCodeFailed: the model cannot take them.
    """
    after = seen.with_arguments(new)
    return max((difference(t, after[path]) for path, t in seen.outputs.items() if path in after), default=float("inf"))


def turned_inputs(bench: Bench, seen: Scene) -> dict[Path, Tensor]:
    """Arguments with their rows turned by half of the batch, those that differ for it; targets are left."""
    batch = leaves(seen.batch)
    targets = [batch[path] for path in bench.roles.targets if path in batch]
    found = {}
    for path, tensor in seen.arguments.items():
        if str(path[-1]) in TARGET_KEYWORDS or not tensor.ndim or len(tensor) < 2:
            continue
        if any(tensor.shape == target.shape and torch.equal(tensor, target) for target in targets):
            continue
        other = tensor.roll(max(1, len(tensor) // 2), 0)
        if not torch.equal(other, tensor):
            found[path] = other
    return found
