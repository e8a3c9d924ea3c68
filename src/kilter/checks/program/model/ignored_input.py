"""What a model says depends on each of its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.scene import Scene, difference, scene
from kilter.checks.program.model.sequences import is_tokens
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.program.roles import TARGET_KEYWORDS
from kilter.checks.wording import listed
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredInput(ProgramProbe):
    """Outputs change when the inputs are those of other examples.

    **What it proves.** The model says the same whatever it is shown: an input that is overwritten, multiplied by
    nothing or never used, a mask turned upside down, a signal that dies on its way. What can be learnt is the mean.

    **How.** After some updates, in evaluation mode, every input is exchanged for that of another example (rows turned
    by half of the batch), all at once and then each by itself.

    **When it stays silent.** Outputs change at all; masks, lengths, numbers of examples, inputs that are the same for
    all examples and targets are not judged by themselves; what only the first updates brought about is
    no fault of the model. It is a failure if nothing matters, a warning if one input
    of several does not.

    **What it costs.** One forward pass, and one for each input if there are several.
    """

    code: ClassVar[str] = "M113"
    name: ClassVar[str] = "ignored-input"
    tolerance: float = 1e-6  # of the largest output: what 32 bits can tell apart

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        if seen is None:
            yield Skipped(name=self.name, reason="no call of the model was seen")
            return
        turned = self._turned(bench, seen)
        if not turned:
            yield Skipped(name=self.name, reason="no input differs between the examples of the batch")
            return
        before = seen.outputs
        if not any(tensor.is_floating_point() for tensor in before.values()):
            yield Skipped(name=self.name, reason="the model gives no numbers")
            return
        try:
            change = _change(before, seen.with_arguments(turned))
            if change <= self.tolerance:
                if self._from_the_start(bench):
                    yield self._nothing_matters(change)
                return
            alone = {path: _change(before, seen.with_arguments({path: turned[path]})) for path in _judged(turned)}
        except PersonsCodeFailed:
            yield Skipped(name=self.name, reason="the model does not take rows in another order")
            return
        idle = [path for path, moved in alone.items() if moved == 0]
        if idle and len(turned) > 1:
            names = [".".join(str(part) for part in path[1:]) for path in idle]
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"Not one output changed when the model's argument {listed(names)} was that of other examples.",
                advice="Use the input, or do not give it to the model.",
                causes=("model_ignores_input",),
                where=tuple(names),
                evidence={"ignored": names, "inputs": len(turned)},
            )

    def _from_the_start(self, bench: Bench) -> bool:
        """Whether nothing mattered before the first update, too; else it is what updates did to the model."""
        fresh = scene(bench, settled=False)
        turned = {} if fresh is None else self._turned(bench, fresh)
        return bool(
            fresh is not None and _change(fresh.outputs, fresh.with_arguments(turned)) <= self.tolerance
        )

    def _nothing_matters(self, change: float) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Outputs changed by {change:.2g} of their size when all inputs were those of other examples.",
            advice="Follow the input through `forward`: something overwrites it, multiplies it by zero or lets it die"
            " away.",
            causes=("model_ignores_input", "dead_relu", "vanishing_gradient"),
            follows=("vanishing-gradient", "dead-units", "saturated-units", "softmax-single-unit"),
            evidence={"change": change},
        )

    def _turned(self, bench: Bench, seen: Scene) -> dict[Path, Tensor]:
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


def _judged(turned: dict[Path, Tensor]) -> list[Path]:
    """Inputs proper: numbers with a fraction, and tokens in rows."""
    return [path for path, t in turned.items() if t.ndim >= 2 and (is_tokens(t) or _varied(t))]


def _varied(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and len(tensor.flatten()[:1000].unique()) > 2


def _change(before: dict[Path, Tensor], after: dict[Path, Tensor]) -> float:
    return max((difference(t, after[path]) for path, t in before.items() if path in after), default=float("inf"))
