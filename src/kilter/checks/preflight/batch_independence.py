"""An example's output does not depend on who else is in the batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, final

import torch
from torch import nn

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.preflight.bench import Bench, chosen, with_inputs
from kilter.checks.preflight.outputs import difference, rows, same
from kilter.checks.preflight.places import exchanged
from kilter.checks.preflight.probe import Probe
from kilter.engine.seeding import seed_everything
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from kilter.values.batch import Batch

_NORMS: Final = (
    nn.modules.batchnorm._BatchNorm,  # noqa: SLF001 - the one parent of all batch norms
)


class Gap(NamedTuple):
    """How far outputs went apart when the others changed, and where they did so."""

    size: float
    how: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchIndependence(Probe):
    """An example's output is the same whoever its neighbours in the batch are, and however many.

    **What it proves.** Rows of a batch are mixed: by a view or transposition with the wrong dimension, a softmax or a
    normalisation over the batch, or attention between examples. Then a score depends on how examples were batched, and
    a single example cannot be judged at all.

    **How.** Paired forward passes in evaluation mode, after a few steps of training so that nothing that starts at
    zero hides it: the same first rows, once with their neighbours, once with other ones in their places, once each by
    itself. In training mode the first pair is repeated from one random state, unless there is a batch normalisation,
    whose nature it is to look at the batch; there the others keep their lengths, by which packed sequences are laid
    out, so that dropout hides the same numbers.

    **When it stays silent.** Outputs agree to `tolerance` of their size, or to ten times what two identical passes
    differ by. It is a failure in evaluation mode and a warning where only training mode mixes.

    **What it costs.** Some steps and a dozen forward passes of `examples` rows.

    **Source.** Karpathy 2019, A recipe for training neural networks, "use backprop to chart dependencies".
    """

    code: ClassVar[str] = "P103"
    name: ClassVar[str] = "batch-independence"
    tolerance: float = 1e-4  # of the largest output
    examples: int = 8  # rows of the batch; the first half is watched

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(3, self.examples)
        batch = batches[0]
        if len(batch) < 2:
            yield Skipped(name=self.name, reason="the first training batch has one example only")
            return
        model = bench.trained(batches)
        normalised = any(isinstance(module, _NORMS) for module in model.modules())
        gap = self._evaluating(bench, model, batch)
        training = gap is None
        if gap is None and not normalised:
            gap = self._training(bench, model, batch)
        if gap is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if training else Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Outputs of examples changed by {gap.size:.2g} of their size {gap.how}, in"
            f" {'training' if training else 'evaluation'} mode.",
            advice="Look for a view, reshape or transpose that mixes dimension 0 with another one, and for a softmax,"
            " mean, squeeze or norm over dimension 0.",
            causes=("batch_dim_mixing", "wrong_softmax_dim"),
            evidence={"change": gap.size, "mode": "training" if training else "evaluation", "changed": gap.how},
        )

    def _evaluating(self, bench: Bench, model: nn.Module, batch: Batch) -> Gap | None:
        watched = max(1, len(batch) // 2)
        others = [*range(watched), *[row % watched for row in range(watched, len(batch))]]
        with_them = rows(bench.evaluated(model, batch), watched)
        again = rows(bench.evaluated(model, batch), watched)
        with_others = rows(bench.evaluated(model, chosen(batch, others)), watched)
        allowed = max(self.tolerance, 10 * difference(with_them, again))
        size = difference(with_them, with_others)
        if size > allowed:
            return Gap(size, "when other examples took the places of their neighbours")
        for row in range(min(2, watched)):
            try:
                alone = rows(bench.evaluated(model, chosen(batch, [row])), 1)
            except PersonsCodeFailed as failed:
                return Gap(float("inf"), f"when alone ({failed.doing.lower()} raised {type(failed.error).__name__})")
            size = difference(tuple(tensor[row : row + 1] for tensor in with_them), alone)
            if size > max(allowed, 10 * self.tolerance):  # other shapes, other kernels, other rounding
                return Gap(size, "when each was alone in the batch")
        return None

    def _training(self, bench: Bench, model: nn.Module, batch: Batch) -> Gap | None:
        watched = max(1, len(batch) // 2)
        others = [*range(watched), *[row % watched for row in range(watched, len(batch))]]
        buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
        passes = []
        instead = with_inputs(
            batch, **{name: exchanged(batch, name, others) for name, t in batch.inputs.items() if t.dtype != torch.bool}
        )
        for given in (batch, batch, instead):
            seed_everything(bench.seed)  # so that dropout hides the same numbers
            passes.append(rows(bench.outputs(model, given), watched))
        if any(not same(buffer, buffers[name]) for name, buffer in model.named_buffers()):
            return None  # it keeps statistics of batches: a normalisation of its own make
        allowed = max(self.tolerance, 10 * difference(passes[0], passes[1]))
        size = difference(passes[0], passes[2])
        return Gap(size, "when other examples took the places of their neighbours") if size > allowed else None
