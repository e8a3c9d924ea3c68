"""Evaluation gives the same answer twice and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import difference, same, tensors
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted, listed, shown
from kilter.engine.seeding import seed_everything
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationMode(Probe):
    """In evaluation mode the same batch gets the same outputs, and looking changes nothing in the model.

    **What it proves.** Something is drawn at random in evaluation (dropout as a function that does not know the mode,
    noise), so that scores change from look to look; or a forward pass writes into weights or buffers (statistics of
    the test rows move into a batch normalisation), so that looking changes what is looked at.

    **How.** Two passes over one batch in evaluation mode, from two random states; all parameters and buffers are
    compared before and after.

    **When it stays silent.** Outputs agree to `tolerance` of their size, and nothing was written.

    **What it costs.** Some steps and two forward passes of `examples` rows.
    """

    code: ClassVar[str] = "P109"
    name: ClassVar[str] = "evaluation-mode"
    tolerance: float = 1e-5  # of the largest output
    examples: int = 8  # rows of the batch

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(3, self.examples)
        model = bench.trained(batches)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        passes = []
        for seed in (1, 2):
            seed_everything(seed)
            passes.append(tensors(bench.evaluated(model, batches[0])))
        after = model.state_dict()
        written = [name for name, tensor in before.items() if not same(tensor, after[name])]
        size = difference(*passes)
        if written:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"A forward pass in evaluation mode wrote into {counted(len(written), 'tensor')} of the"
                f" model: {listed(written)}.",
                advice="Write into buffers in training mode only (`if self.training`), and leave normalisation layers"
                " in the mode that `eval()` gives them.",
                causes=("eval_in_train_mode", "bn_stats_stale"),
                where=shown(written),
                evidence={"written": written[:50]},
            )
        if size > self.tolerance:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.WARNING,
                strength=Strength.PROVED,
                seen=f"The same batch got outputs that differ by {size:.2g} of their size in two passes in evaluation"
                " mode.",
                advice="Let dropout and noise know the mode: `functional.dropout(x, p, self.training)`, or a layer.",
                causes=("eval_in_train_mode", "nondeterministic_op"),
                evidence={"change": size},
            )
