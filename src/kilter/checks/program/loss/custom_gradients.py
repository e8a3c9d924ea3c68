"""A person's own backward says the slope of its forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.engine.custom_functions import Applied, functions_in, hearing_functions
from kilter.engine.numeric_gradients import Slope, along_directions
from kilter.engine.trees import leaves, size, take
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CustomGradients(ProgramProbe):
    """The backward of each function of one's own agrees with finite differences of its forward.

    **What it proves.** A subclass of `torch.autograd.Function` gives a gradient with a wrong sign or scale, or without
    one of its terms: everything before it learns something else than the loss says.

    **How.** The graph of one step tells which such functions there are, and the step is made again to see what they are
    given. Each is then called by itself, in double precision, and its gradient compared with central differences along
    `directions` random directions of each argument, at two step sizes.

    **When it stays silent.** Both agree; two step sizes do not (a kink); the slope is zero throughout, as where a
    rounding passes gradients straight through; the function gives back its own argument, as one does that turns or
    scales gradients on purpose. Skipped where a function does not take double precision.

    **What it costs.** Two peeks into a step where there is such a function, and twenty calls of it for each argument.

    **Source.** Press et al. 2007, Numerical recipes, section 5.7; PyTorch's `gradcheck`, which compares all numbers.
    """

    code: ClassVar[str] = "O117"
    name: ClassVar[str] = "custom-gradients"
    directions: int = 3  # random directions of each argument
    tolerance: float = 1e-3  # relative difference; the forward may hold numbers of single precision
    rows: int = 8  # of the batch, so that the functions are given little

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        steps = bench.recording.steps
        if not steps:
            return
        batch = steps[0].batch
        made = bench.made()
        with suppress(PersonsCodeFailed):  # a batch of few rows may be what the step does not take
            few = take(batch, range(min(self.rows, size(batch) or 1)))
            seen = bench.peek(made, few)
            batch = few
        seen = bench.peek(made, batch)
        if seen.loss is None:
            return
        functions = functions_in([seen.loss])
        if not functions:
            return
        with hearing_functions(functions) as noted:
            bench.peek(made, batch)
        for applied in noted:
            yield from self._judge(applied)

    def _judge(self, applied: Applied) -> Iterator[Finding | Skipped]:
        try:
            doubled = [
                p.double() if isinstance(p, torch.Tensor) and p.is_floating_point() else p for p in applied.arguments
            ]
            given = leaves(applied.function.apply(*doubled))  # type: ignore[no-untyped-call]  # torch's own
            again = leaves(applied.function.apply(*doubled))  # type: ignore[no-untyped-call]  # torch's own
            slopes = along_directions(applied.function.apply, doubled, applied.asked, directions=self.directions)
        except Exception as error:  # noqa: BLE001 - a function of a person's own may refuse double precision
            yield Skipped(name=self.name, reason=f"a function does not take double precision: {error}")
            return
        if any(not torch.equal(again[path], tensor) for path, tensor in given.items()):
            yield Skipped(name=self.name, reason="a function gives something else each time")
            return
        inputs = [doubled[at] for at in applied.asked]
        if any(t.shape == i.shape and torch.equal(t.to(i), i) for t in given.values() for i in inputs):
            return  # what it gives is what it was given: its gradient is turned or scaled on purpose
        wrong = [slope for slope in slopes if self._wrong(slope)]
        if not wrong:
            return
        worst = max(wrong, key=lambda slope: abs(slope.analytic - slope.numeric) / abs(slope.numeric))
        ratios = [slope.analytic / slope.numeric for slope in wrong]
        even = max(ratios) - min(ratios) < 0.01 * abs(ratios[0]) and len(ratios) > 1
        how = (
            "turned round" if even and abs(ratios[0] + 1) < 0.01
            else f"{ratios[0]:.4g} times the slope" if even
            else "another one"
        )  # fmt: skip
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"The gradient of a function of your own is {how}: its backward says"
            f" {worst.analytic:.6g} along a random"
            f" direction of {worst.name}, finite differences say {worst.numeric:.6g}.",
            advice="Mend its backward until `torch.autograd.gradcheck` agrees, or leave the gradient to autograd.",
            causes=("loss_sign_flipped", "non_differentiable_op")
            if how == "turned round"
            else ("non_differentiable_op",),
            where=(applied.function.__qualname__,),
            evidence={"backward": [s.analytic for s in wrong], "finite differences": [s.numeric for s in wrong]},
        )

    def _wrong(self, slope: Slope) -> bool:
        return slope.smooth and abs(slope.numeric) > 1e-6 and not slope.agrees(self.tolerance)
