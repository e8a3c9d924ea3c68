"""The model's outputs are what the loss expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import tensors
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch


class Form(NamedTuple):
    """What is wrong with the form of outputs, what to do, and its likely causes."""

    seen: str
    advice: str
    causes: tuple[str, ...]
    severity: Severity = Severity.FAILURE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputForm(Probe):
    """The last layer gives what the loss expects: logits where it applies a softmax, amounts that reach the targets.

    **What it proves.** The outputs went through a function that the loss does not expect. A softmax before a loss that
    applies its own keeps the loss from ever falling below log(1 + (k - 1)/e) for k classes, a softmax over the batch
    mixes examples, one over a single unit is always 1; a sigmoid or a ReLU at the end bounds what can be said.

    **How.** Losses are known by how they behave, not by what they are called: one that stays the same when a constant
    is added to all outputs of a row applies a softmax itself. Outputs of `models` models, fresh ones and one a few
    steps old, that add up to 1 in each row (or each column) are probabilities. Bounds are sought by making all weights
    `stretch` times as large: what still does not leave the interval cannot.

    **When it stays silent.** Outputs may take any value that targets ask for. Logarithms of probabilities may go
    through a softmax once more, which changes nothing. Outputs of other forms than (rows, k) are skipped.

    **What it costs.** Some steps, and two forward passes of `examples` rows for each model.

    **Source.** The identity softmax(x + c) = softmax(x), Goodfellow, Bengio and Courville 2016, Deep learning,
    section 6.2.2.3.
    """

    code: ClassVar[str] = "P110"
    name: ClassVar[str] = "output-form"
    models: int = 3  # models, the last of them a few steps old
    examples: int = 16  # rows of the batch
    stretch: float = 10.0  # factor of all weights, to find out whether outputs are bounded
    zeros: float = 0.05  # share of outputs that are exactly 0, as a ReLU makes them

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        batches = bench.batches(3, self.examples)
        batch = batches[0]
        plain: list[Tensor] = []
        stretched: list[Tensor] = []
        for number in range(self.models):
            # the last one has made some steps, so that a last layer that starts at zero hides nothing
            model = bench.trained(batches) if number == self.models - 1 else bench.model(bench.seed + number)
            found = tensors(bench.evaluated(model, batch))
            if len(found) != 1 or found[0].ndim not in (1, 2) or not found[0].is_floating_point():
                yield Skipped(name=self.name, reason="the outputs are not one tensor of (rows, k)")
                return
            plain.append(found[0].float())
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.mul_(self.stretch)
            stretched.append(tensors(bench.evaluated(model, batch))[0].float())
        if not all(bool(torch.isfinite(outputs).all()) for outputs in plain):
            yield Skipped(name=self.name, reason="outputs are not finite")
            return
        form = self._form(bench, batch, plain, stretched)
        if form is None:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=form.severity,
            strength=Strength.PROVED,
            seen=form.seen,
            advice=form.advice,
            causes=form.causes,
            evidence={
                "lowest": min(float(outputs.min()) for outputs in plain),
                "highest": max(float(outputs.max()) for outputs in plain),
                f"highest with weights times {self.stretch:g}": max(float(o.nan_to_num().max()) for o in stretched),
                "shape": list(plain[0].shape),
            },
        )

    def _form(self, bench: Bench, batch: Batch, plain: Sequence[Tensor], stretched: Sequence[Tensor]) -> Form | None:
        wide = plain[0].ndim == 2 and plain[0].shape[1] > 1
        if all(bool((outputs == 1).all()) for outputs in plain) and not wide:
            return Form(
                "The only output is 1 for every example and every fresh model, as a softmax over one unit gives.",
                "Leave the softmax out, or give the model one output a class.",
                ("softmax_single_unit", "wrong_softmax_dim"),
            )
        if wide and len(batch) > 1 and all(_adds_to_one(outputs, 0) for outputs in plain):
            return Form(
                f"Outputs add up to 1 over the {len(batch)} examples of the batch, not over the classes.",
                "Apply the softmax over the last dimension: `dim=-1`.",
                ("wrong_softmax_dim", "batch_dim_mixing"),
            )
        if wide and self._applies_softmax(bench, batch, plain[0]):
            return self._of_logits(batch, plain, stretched)
        return self._of_amounts(batch, plain, stretched)

    def _applies_softmax(self, bench: Bench, batch: Batch, outputs: Tensor) -> bool:
        """Whether the loss is blind to a constant added to each row, and only to a constant."""
        before = bench.mean_loss(outputs, batch)
        shifted = bench.mean_loss(outputs + 3.0, batch)
        uneven = bench.mean_loss(outputs + torch.linspace(0, 3, outputs.shape[1], device=outputs.device), batch)
        return abs(shifted - before) <= 1e-4 * max(1.0, abs(before)) < abs(uneven - before)

    def _of_logits(self, batch: Batch, plain: Sequence[Tensor], stretched: Sequence[Tensor]) -> Form | None:
        k = plain[0].shape[1]
        if all(_adds_to_one(outputs, 1) for outputs in plain):
            return Form(
                f"Outputs are probabilities (each row of {k} adds up to 1), and the loss applies a softmax to them"
                " again.",
                "Return logits: leave the softmax to the loss.",
                ("double_softmax", "nll_without_log_softmax"),
            )
        everything = torch.cat([outputs.reshape(-1) for outputs in (*plain, *stretched)]).nan_to_num()
        if (
            float(everything.max()) > float(everything.min()) == 0
            and float((everything == 0).float().mean()) >= self.zeros
        ):
            return Form(
                "No logit is below 0 and many are exactly 0, as a ReLU on the last layer makes them.",
                "Return the last linear layer's values as they are.",
                ("relu_on_output", "output_range_mismatch"),
                Severity.WARNING,
            )
        if float(everything.min()) >= 0 and float(everything.max()) <= 1:
            return Form(
                f"Logits stay between 0 and 1 even with weights {self.stretch:g} times as large, as a sigmoid makes"
                " them.",
                "Return the last linear layer's values as they are.",
                ("output_range_mismatch", "double_sigmoid"),
            )
        return None

    def _of_amounts(self, batch: Batch, plain: Sequence[Tensor], stretched: Sequence[Tensor]) -> Form | None:
        target = batch.target
        if target is None or not target.is_floating_point() or target.shape[:1] != plain[0].shape[:1]:
            return None
        everything = torch.cat([outputs.reshape(-1) for outputs in (*plain, *stretched)]).nan_to_num()
        low, high = float(everything.min()), float(everything.max())
        wanted_low, wanted_high = float(target.min()), float(target.max())
        if high > low == 0 and wanted_low < 0 and float((everything == 0).float().mean()) >= self.zeros:
            return Form(
                f"No output is below 0 and many are exactly 0, as a ReLU on the last layer makes them, while targets"
                f" go down to {wanted_low:.3g}.",
                "Return the last linear layer's values as they are.",
                ("relu_on_output", "output_range_mismatch"),
            )
        bounded = (low >= 0 and high <= 1) or (low >= -1 and high <= 1 and min(-low, high) > 0.9)
        if bounded and (wanted_high > 1.05 or wanted_low < (0 if low >= 0 else -1) - 0.05):
            return Form(
                f"Outputs stay between {low:.3g} and {high:.3g} even with weights {self.stretch:g} times as large, and"
                f" targets go from {wanted_low:.3g} to {wanted_high:.3g}.",
                "Return the last linear layer's values as they are, or scale the targets into that range.",
                ("output_range_mismatch", "unnormalized_target"),
            )
        return None


def _adds_to_one(outputs: Tensor, dimension: int) -> bool:
    sums = outputs.sum(dim=dimension)
    return bool((outputs >= 0).all()) and bool(((sums - 1).abs() < 1e-3).all())
