"""The model's outputs are what the loss expects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import torch

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import heads, tensors
from kilter.checks.preflight.places import answered_places
from kilter.checks.preflight.probe import Probe
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline
from kilter.values.task import Form

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.task import Outputs


class Fault(NamedTuple):
    """What is wrong with the form of outputs, what to do, and its likely causes."""

    seen: str
    advice: str
    causes: tuple[str, ...]
    severity: Severity = Severity.FAILURE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One tensor of a model's outputs, from several models, and what the loss makes of it.

    Attributes:
        name: of the head; empty where there is one only.
        loss: of the batch, with other numbers in this head of the first model.
        plain: of each model.
        stretched: of each model with larger weights.
        places: (b, t), which of them stand for a token; None where there is one answer an example.
        target: of the batch.
    """

    name: str
    loss: Callable[[Tensor], float]
    plain: tuple[Tensor, ...]
    stretched: tuple[Tensor, ...]
    places: Tensor | None
    target: Tensor | None

    def standing(self, outputs: Tensor) -> Tensor:
        """Outputs without those of padding."""
        return outputs[self.places] if self.places is not None and outputs.shape[:2] == self.places.shape else outputs

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest output of all models, larger weights included."""
        all_of_them = [self.standing(outputs).nan_to_num() for outputs in (*self.plain, *self.stretched)]
        return min(float(o.min()) for o in all_of_them), max(float(o.max()) for o in all_of_them)

    @property
    def share_of_zeros(self) -> float:
        """The share of outputs that are exactly 0."""
        all_of_them = [self.standing(outputs) for outputs in (*self.plain, *self.stretched)]
        return sum(float((outputs == 0).float().mean()) for outputs in all_of_them) / len(all_of_them)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OutputForm(Probe):
    """The last layer gives what the loss expects: logits where it applies a softmax, amounts that reach the targets.

    **What it proves.** The outputs went through a function that the loss does not expect. A softmax before a loss that
    applies its own keeps the loss from ever falling below log(1 + (k - 1)/e) for k classes, a softmax over the batch
    mixes examples, one over a single unit is always 1; a sigmoid or a ReLU at the end bounds what can be said.

    **How.** Losses are known by how they behave, not by what they are called: one that stays the same when a constant
    is added to all outputs of a place applies a softmax itself, one that falls on where outputs leave the interval from
    0 to 1 towards their targets applies a sigmoid. Outputs of `models` models, fresh ones and one a few steps old, that
    add up to 1 over the classes (or over the examples, or over the tokens) are probabilities. Bounds are sought by
    making all weights `stretch` times as large: what still does not leave the interval cannot. Each head is looked at
    by itself; where there is an output for each token, those of padding are left out.

    **When it stays silent.** Outputs may take any value that targets ask for. Logarithms of probabilities may go
    through a softmax once more, which changes nothing. Skipped where outputs are places in a space that two sides
    share, which may have any form, and where they are not floating-point numbers.

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
        if pipeline.task.form is Form.MATCH:
            yield Skipped(name=self.name, reason="outputs are places in a space, which may have any form")
            return
        batches = bench.batches(3, self.examples)
        batch = batches[0]
        plain: list[Outputs] = []
        stretched: list[Outputs] = []
        for number in range(self.models):
            # the last one has made some steps, so that a last layer that starts at zero hides nothing
            model = bench.trained(batches) if number == self.models - 1 else bench.model(bench.seed + number)
            plain.append(bench.evaluated(model, batch))
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.mul_(self.stretch)
            stretched.append(bench.evaluated(model, batch))
        if not all(t.is_floating_point() and t.ndim and len(t) == len(batch) for t in tensors(plain[0])):
            yield Skipped(name=self.name, reason="outputs are not floating-point numbers with a row for each example")
            return
        if not all(bool(torch.isfinite(tensor).all()) for outputs in plain for tensor in tensors(outputs)):
            yield Skipped(name=self.name, reason="outputs are not finite")
            return
        for number, name in enumerate(heads(plain[0])):
            head = Head(
                name=name,
                loss=partial(self._loss, bench, batch, plain[0], number),
                plain=tuple(tensors(outputs)[number].float() for outputs in plain),
                stretched=tuple(tensors(outputs)[number].float() for outputs in stretched),
                places=answered_places(pipeline.task, batch),
                target=batch.target,
            )
            fault = self._fault(head)
            if fault is not None:
                yield self._finding(fault, head)

    def _loss(self, bench: Bench, batch: Batch, outputs: Outputs, number: int, head: Tensor) -> float:
        """The loss of a batch with other numbers in one head."""
        name = heads(outputs)[number]
        given = head if isinstance(outputs, torch.Tensor) else {**outputs, name: head}
        return bench.mean_loss(given, batch)

    def _finding(self, fault: Fault, head: Head) -> Finding:
        of = {"head": head.name} if head.name else {}
        return Finding(
            code=self.code,
            name=self.name,
            severity=fault.severity,
            strength=Strength.PROVED,
            seen=fault.seen,
            advice=fault.advice,
            causes=fault.causes,
            evidence={
                **of,
                "lowest": min(float(head.standing(outputs).min()) for outputs in head.plain),
                "highest": max(float(head.standing(outputs).max()) for outputs in head.plain),
                f"highest with weights times {self.stretch:g}": head.range[1],
                "shape": list(head.plain[0].shape),
            },
        )

    def _fault(self, head: Head) -> Fault | None:
        first = head.plain[0]
        wide = first.ndim > 1 and first.shape[-1] > 1
        if all(bool((outputs == 1).all()) for outputs in head.plain) and not wide:
            return Fault(
                "The only output is 1 for every example and every fresh model, as a softmax over one unit gives.",
                "Leave the softmax out, or give the model one output a class.",
                ("softmax_single_unit", "wrong_softmax_dim"),
            )
        for dimension in range(first.ndim - 1) if wide else ():
            size = first.shape[dimension]
            if size > 1 and all(_adds_to_one(outputs, dimension) for outputs in head.plain):
                what = "examples of the batch" if dimension == 0 else "places of each example"
                return Fault(
                    f"Outputs add up to 1 over the {size} {what}, not over the classes.",
                    "Apply the softmax over the last dimension: `dim=-1`.",
                    ("wrong_softmax_dim", "batch_dim_mixing"),
                )
        if wide and self._applies_softmax(head):
            return self._of_logits(head)
        return self._of_amounts(head)

    def _applies_softmax(self, head: Head) -> bool:
        """Whether the loss is blind to a constant added to each row, and only to a constant."""
        outputs = head.plain[0]
        before = head.loss(outputs)
        shifted = head.loss(outputs + 3.0)
        uneven = head.loss(outputs + torch.linspace(0, 3, outputs.shape[-1], device=outputs.device))
        return abs(shifted - before) <= 1e-4 * max(1.0, abs(before)) < abs(uneven - before)

    def _of_logits(self, head: Head) -> Fault | None:
        k = head.plain[0].shape[-1]
        if all(_adds_to_one(head.standing(outputs), -1) for outputs in head.plain):
            return Fault(
                f"Outputs are probabilities (each row of {k} adds up to 1), and the loss applies a softmax to them"
                " again.",
                "Return logits: leave the softmax to the loss.",
                ("double_softmax", "nll_without_log_softmax"),
            )
        low, high = head.range
        if high > low == 0 and head.share_of_zeros >= self.zeros:
            return Fault(
                "No logit is below 0 and many are exactly 0, as a ReLU on the last layer makes them.",
                "Return the last linear layer's values as they are.",
                ("relu_on_output", "output_range_mismatch"),
                Severity.WARNING,
            )
        if low >= 0 and high <= 1:
            return Fault(
                f"Logits stay between 0 and 1 even with weights {self.stretch:g} times as large, as a sigmoid makes"
                " them.",
                "Return the last linear layer's values as they are.",
                ("output_range_mismatch", "double_sigmoid"),
            )
        return None

    def _of_amounts(self, head: Head) -> Fault | None:
        target, outputs = head.target, head.plain[0]
        if target is not None and outputs.shape == (len(target), 1) and not target.is_floating_point():
            target = target.reshape(outputs.shape).to(outputs.dtype)  # two classes told by one logit
        if target is None or not target.is_floating_point() or target.shape[:1] != outputs.shape[:1]:
            return None
        known = target[torch.isfinite(target)]
        if not known.numel():
            return None
        low, high = head.range
        wanted_low, wanted_high = float(known.min()), float(known.max())
        if high > low == 0 and wanted_low < 0 and head.share_of_zeros >= self.zeros:
            return Fault(
                f"No output is below 0 and many are exactly 0, as a ReLU on the last layer makes them, while targets"
                f" go down to {wanted_low:.3g}.",
                "Return the last linear layer's values as they are.",
                ("relu_on_output", "output_range_mismatch"),
            )
        bounded = (low >= 0 and high <= 1) or (low >= -1 and high <= 1 and min(-low, high) > 0.9)
        if bounded and (wanted_high > 1.05 or wanted_low < (0 if low >= 0 else -1) - 0.05):
            return Fault(
                f"Outputs stay between {low:.3g} and {high:.3g} even with weights {self.stretch:g} times as large, and"
                f" targets go from {wanted_low:.3g} to {wanted_high:.3g}.",
                "Return the last linear layer's values as they are, or scale the targets into that range.",
                ("output_range_mismatch", "unnormalized_target"),
            )
        if low >= 0 and high <= 1 and target.shape == outputs.shape and self._applies_sigmoid(head, target):
            return Fault(
                f"Outputs stay between 0 and 1 even with weights {self.stretch:g} times as large, and the loss applies"
                " a sigmoid to them again.",
                "Return the last linear layer's values as they are: leave the sigmoid to the loss.",
                ("double_sigmoid", "output_range_mismatch"),
            )
        return None

    def _applies_sigmoid(self, head: Head, target: Tensor) -> bool:
        """Whether targets of 0 and 1 are met far outside the interval between them, and not at its ends."""
        wanted = target.nan_to_num(nan=0.5).to(head.plain[0].dtype)
        within, beyond = head.loss(wanted), head.loss(20.0 * (2.0 * wanted - 1.0))
        return beyond < 0.5 * within


def _adds_to_one(outputs: Tensor, dimension: int) -> bool:
    sums = outputs.sum(dim=dimension)
    return bool((outputs >= 0).all()) and bool(((sums - 1).abs() < 1e-3).all())
