"""What the model is given makes a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.preflight.bench import Bench, chosen, with_inputs
from kilter.checks.preflight.outputs import difference, same, tensors
from kilter.checks.preflight.places import DERIVED, exchanged
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted, listed
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputsMatter(Probe):
    """An example with another example's inputs gets another answer, and each input has a part in it.

    **What it proves.** The model answers the same whatever it is given: inputs are multiplied by zero, masked away,
    overwritten, or never passed on. An input whose exchange changes no bit of the outputs is not used.

    **How.** After a few steps of training, each input is exchanged among the rows of a batch, all of them first, then
    each by itself; tokens go with their mask. Outputs are compared in evaluation mode. What the training loss becomes
    with the exchanged inputs stands beside.

    **When it stays silent.** Outputs change, by however little. An input that is the same in every row of the batch
    is not judged. It is a failure if no input matters, and a warning if one of several does not.

    **What it costs.** Some steps and a forward pass for each input.

    **Source.** Karpathy 2019, A recipe for training neural networks, "input-independent baseline".
    """

    code: ClassVar[str] = "P108"
    name: ClassVar[str] = "inputs-matter"
    steps: int = 6  # training steps before it looks
    examples: int = 16  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(self.steps, self.examples)
        batch = batches[0]
        exchanges = {
            name: other
            for name, tensor in batch.inputs.items()
            if tensor.dtype != torch.bool and not same(tensor, other := exchanged(batch, name, _others(batch)))
        }
        if not exchanges:
            yield Skipped(name=self.name, reason="all rows of the batch have the same inputs")
            return
        model = bench.trained((batches * self.steps)[: self.steps])
        before = bench.evaluated(model, batch)
        everything = chosen(batch, _others(batch)).inputs
        losses = {"as given": bench.mean_loss(before, batch)}
        changes: dict[str, float] = {}
        for name, parts in {"all": everything, **{name: {name: other} for name, other in exchanges.items()}}.items():
            after = bench.evaluated(model, with_inputs(batch, **parts))
            changes[name] = difference(tensors(before), tensors(after))
            losses[f"{name} exchanged"] = bench.mean_loss(after, batch)
        if changes["all"] == 0:
            yield self._finding(
                Severity.FAILURE,
                "Outputs are the same, bit by bit, when examples exchange all their inputs.",
                "Follow the inputs through `forward`, and look for what overwrites, masks or multiplies them away.",
                tuple(exchanges),
                {"losses": losses, "changes": changes},
            )
        elif ignored := [name for name in exchanges if changes[name] == 0]:
            yield self._finding(
                Severity.NOTE if set(ignored) <= DERIVED else Severity.WARNING,
                f"{counted(len(ignored), 'input')} of {len(exchanges)} changed no bit of the outputs when exchanged"
                f" among examples: {listed(ignored)}.",
                "Use it in `forward` (arguments are passed by their names), or leave it out of the inputs.",
                tuple(ignored),
                {"losses": losses, "changes": changes},
            )

    def _finding(
        self, severity: Severity, seen: str, advice: str, where: tuple[str, ...], evidence: Mapping[str, object]
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=("model_ignores_input", "dead_relu", "constant_init"),
            where=where,
            evidence=evidence,
        )


def _others(batch: Batch) -> list[int]:
    """For each row the one before it."""
    return [row - 1 if row else len(batch) - 1 for row in range(len(batch))]
