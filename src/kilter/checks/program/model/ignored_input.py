"""What a model says depends on each of its inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.model.input_effect import NOTHING, effect, ignores_input, turned_inputs
from kilter.checks.program.model.scene import scene
from kilter.checks.program.model.sequences import is_tokens
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import listed
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoredInput(ProgramProbe):
    """Outputs change when the inputs are those of other examples.

    **What it proves.** The model says the same whatever it is shown: an input that is overwritten, multiplied by
    nothing or never used, a mask turned upside down, a signal that dies on its way. What can be learnt is the mean.

    **How.** In evaluation mode, every input is exchanged for that of another example (rows turned by half of the
    batch), all at once and then each by itself: after some updates, and before the first one.

    **When it stays silent.** Outputs change at all; masks, lengths, numbers of examples, inputs that are the same for
    all examples and targets are not judged by themselves; what only the first updates brought about is no fault of the
    model. It is a failure if nothing matters, a warning if one input of several does not.

    **What it costs.** Two forward passes, and one for each input if there are several.
    """

    code: ClassVar[str] = "M113"
    name: ClassVar[str] = "ignored-input"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        if seen is None:
            yield Skipped(name=self.name, reason="no call of the model was seen")
            return
        turned = turned_inputs(bench, seen)
        if not turned:
            yield Skipped(name=self.name, reason="no input differs between the examples of the batch")
            return
        if ignores_input(bench):
            yield self._nothing_matters()
            return
        proper = [path for path, tensor in turned.items() if _is_proper(tensor)]
        try:
            idle = [path for path in proper if len(turned) > 1 and effect(seen, {path: turned[path]}) <= NOTHING]
        except PersonsCodeFailed:
            yield Skipped(name=self.name, reason="the model does not take rows in another order")
            return
        if idle and len(idle) < len(turned):
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

    def _nothing_matters(self) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen="Outputs did not change when all inputs were those of other examples.",
            advice="Follow the input through `forward`: something overwrites it, multiplies it by zero or lets it die"
            " away.",
            causes=("model_ignores_input", "dead_relu", "vanishing_gradient"),
            follows=(
                "vanishing-gradient",
                "dead-units",
                "saturated-units",
                "symmetric-units",
                "collapsed-attention",
                "softmax-place",
                "output-reach",
            ),
        )


def _is_proper(tensor: Tensor) -> bool:
    """Whether it is an input by itself: numbers with a fraction, or tokens in rows; no mask, length or number."""
    varied = tensor.is_floating_point() and len(torch.unique(tensor.flatten()[:1000])) > 2
    return tensor.ndim >= 2 and (varied or is_tokens(tensor))
