"""Parameters are other ones after a step."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import same
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted, listed, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(Probe):
    """Each parameter that has a gradient and is in the optimizer changes when steps are made.

    **What it proves.** The optimizer does not step, or its steps are smaller than the parameter's numbers can tell
    apart, as with a low precision or a rate that is far too small.

    **How.** `steps` training steps at the full rate, on a batch each; parameters are compared bit by bit before and
    after. Gradients are those that the steps left behind.

    **When it stays silent.** All of them changed; parameters without a gradient are left to `gradients`, those that
    the optimizer does not hold to `optimizer-membership`, and a loss that is no number to `initial-loss`. It is a
    failure if nothing moved.

    **What it costs.** So many training steps.
    """

    code: ClassVar[str] = "P107"
    name: ClassVar[str] = "movement"
    steps: int = 2  # training steps
    examples: int = 32  # rows a batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(self.steps, self.examples)
        model, optimizer = bench.made()
        before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
        pulled: set[str] = set()
        for batch in batches:
            result = bench.step(model, optimizer, batch)
            if not (math.isfinite(result.loss) and math.isfinite(result.gradient_norm)):
                yield Skipped(name=self.name, reason="the loss or its gradient is not a finite number")
                return
            pulled |= {name for name, p in model.named_parameters() if p.grad is not None and _pulls(p.grad)}
        held = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        after = dict(model.named_parameters())
        ought = [name for name in before if name in pulled and name in after and id(after[name]) in held]
        still = [name for name in ought if same(before[name], after[name].detach())]
        if not still:
            if not ought:
                yield Skipped(name=self.name, reason="no parameter has a gradient and is in the optimizer")
            return
        rate = bench.pipeline.recipe.optimizer.learning_rate
        low = any(after[name].dtype in (torch.float16, torch.bfloat16) for name in still)
        nothing = len(still) == len(ought)
        causes = ("low_precision_update", "lr_too_low") if low else ("no_optimizer_step", "lr_too_low")
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if nothing else Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"{counted(len(still), 'parameter')} of {len(ought)} that have a gradient did not change in"
            f" {counted(len(batches), 'step')} at a rate of {rate:g}: {listed(still)}.",
            advice="Keep master weights in 32 bits."
            if low
            else "See that the optimizer's step writes into the parameters, and that the rate is not far too small.",
            causes=causes,
            where=shown(still),
            evidence={"parameters": still[:50], "with a gradient": len(ought), "learning rate": rate},
        )


def _pulls(gradient: Tensor) -> bool:
    """Whether a gradient is more than rounding: a bias that the loss cannot see has one, of some 1e-9."""
    return float(gradient.abs().max()) > 1e-6
