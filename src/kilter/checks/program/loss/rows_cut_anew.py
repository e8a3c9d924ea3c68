"""What the loss takes for the scores of one place is what the model gave for one place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.loss.meeting import CLASSED, NOT_SEEN, Form, met
from kilter.checks.program.predicted import main_output
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import agreeing, counted
from kilter.engine.substituting import answering, with_answer
from kilter.engine.trees import leaves
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.checks.program.bench import Bench
    from kilter.checks.program.loss.surface import Surface

EXACT = 1 << 24
"""Whole numbers up to which 32-bit floats are exact."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RowsCutAnew(ProgramProbe):
    """Between model and loss, predictions keep their places: no row of scores is put together from several examples.

    **What it proves.** A `view` or `reshape` where dimensions had to be exchanged fits every shape and gives rows that
    hold some scores of one example and some of the next. Or places are counted in another order than targets, example
    by example here and step by step there: each place is taught the answer of another one.

    **How.** The model's answer is replaced by the numbers 0, 1, 2 and so on, and it is read from the loss's arguments
    where each has come to. The scores of one row must run along whole dimensions of the answer and stand still in all
    others; and where examples and steps have changed places in the answer, they must have in the targets.

    **When it stays silent.** Rows are whole. Nothing is said where something is computed between model and loss, so
    that the numbers do not come through.

    **What it costs.** Two forward passes up to the loss.

    **Source.** PyTorch documentation, `Tensor.view` and `Tensor.transpose`: only the latter moves numbers along.
    """

    code: ClassVar[str] = "O120"
    name: ClassVar[str] = "rows-cut-anew"

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        found = met(bench)
        if found is None or bench.program.task not in CLASSED:
            yield Skipped(name=self.name, reason=NOT_SEEN if found is None else "the answer is none of several classes")
            return
        surface, meeting = found
        came = None if meeting.form is Form.EACH else came_from(bench, surface)
        if came is None:
            return
        rows = torch.stack(torch.unravel_index(meeting.rows(came), tuple(surface.outputs.shape)))
        varies = (rows != rows[:, :, :1]).any(dim=2)
        within = varies.any(dim=1)  # the dimensions along which classes run
        shape = tuple(surface.outputs.shape)
        if math.prod(size for size, runs in zip(shape, within, strict=True) if runs) != rows.shape[2]:
            several = int((varies.sum(dim=0) > 1).sum()) or varies.shape[1]
            examples = bool(varies[0].any())
            yield self._finding(
                f"{counted(several, 'row')} of the {varies.shape[1]:,} that the loss takes for scores of one place"
                f" {agreeing(several, 'was', 'were')} put together from several"
                f" {'examples' if examples else 'places'}: the model's answer of shape {shape} is cut anew on its way"
                " to the loss.",
                "Exchange dimensions with `transpose` or `permute` before `reshape`, so that classes come last.",
                ("batch_dim_mixing", "label_misaligned") if examples else ("label_misaligned", "batch_dim_mixing"),
                {"several": several, "rows": varies.shape[1], "shape": shape},
            )
        elif self._counted_otherwise(bench, surface, rows[:, :, 0], within):
            yield self._finding(
                f"The model's answer of shape {shape} is counted in its own order, targets of shape"
                f" {tuple(_target(bench, surface).shape)} in theirs: examples and steps have changed places.",  # type: ignore[union-attr]
                "Transpose the one or the other before both are flattened.",
                ("label_misaligned", "batch_dim_mixing"),
                {"shape": shape},
            )

    def _counted_otherwise(self, bench: Bench, surface: Surface, places: Tensor, varies: Tensor) -> bool:
        """Whether rows run step by step and targets example by example, or the other way round."""
        target = _target(bench, surface)
        outer = [at for at in range(len(varies)) if not varies[at]]
        if target is None or len(outer) != 2 or surface.target.ndim != 1:
            return False
        sizes = tuple(surface.outputs.shape[at] for at in outer)
        if sizes != tuple(reversed(target.shape)) or sizes[0] == sizes[1]:
            return False
        number = places[outer[0]] * sizes[1] + places[outer[1]]
        in_own_order = bool((number == torch.arange(len(number))).all())
        return in_own_order and torch.equal(surface.target, target.reshape(-1))

    def _finding(self, seen: str, advice: str, causes: tuple[str, ...], evidence: dict[str, object]) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            evidence=evidence,
        )


def came_from(bench: Bench, surface: Surface) -> Tensor | None:
    """Of each number that the loss is given, its place in the model's answer when that is flattened; None if unseen."""
    size = surface.outputs.numel()
    if surface.places is None or surface.given.numel() != size or size > EXACT or surface.outputs.ndim < 2:
        return None
    made, batch = bench.made(), bench.recording.steps[0].batch
    try:
        seen = bench.peek(made, batch, training=False)
        outputs = main_output(seen.outputs)
        if outputs is None or outputs.shape != surface.outputs.shape or seen.calls != 1:
            return None
        numbers = torch.arange(size, dtype=torch.float32).reshape(outputs.shape).to(outputs)
        if not torch.equal(numbers.long().flatten().cpu(), torch.arange(size)):  # half precision
            return None
        with answering(made.model, with_answer(seen.outputs, outputs, numbers.requires_grad_())):
            losses = bench.peek(made, batch, training=False).losses
    except PersonsCodeFailed:
        return None
    for call in losses:
        heard = leaves((call.arguments, dict(call.keywords))).get(surface.places[0])
        if heard is not None and heard.shape == surface.given.shape and heard.is_floating_point():
            came = heard.detach().double().cpu()
            if torch.equal(came.flatten().sort().values, torch.arange(size).double()):
                return came.long()
    return None


def _target(bench: Bench, surface: Surface) -> Tensor | None:
    """The targets as the batch has them, of examples and steps, if those of the loss are these in one row."""
    batch = leaves(bench.recording.steps[0].batch)
    for path in bench.roles.targets:
        target = batch.get(path)
        if target is not None and target.ndim == 2 and target.numel() == surface.target.numel():
            return target
    return None
