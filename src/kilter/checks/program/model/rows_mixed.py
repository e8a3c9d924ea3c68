"""An example's output does not depend on the other examples of its batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.model.examples import Layout, chosen, find_examples, surely_first
from kilter.checks.program.model.scene import Scene, difference, rounding, scene
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RowsMixed(ProgramProbe):
    """What a model says of an example is the same whoever its neighbours in the batch are.

    **What it proves.** Examples are mixed: by a view or transposition with the wrong dimension, a recurrent or
    attention layer that takes the batch for time, a softmax or a normalisation over the batch. A score then depends on
    how examples were batched, and a single one cannot be judged at all.

    **How.** After some updates, the model is called again in evaluation mode with the arguments that the program's own
    step gave it. Every second row keeps its content, the ones between become copies of them; outputs of the rows that
    were kept are compared. Where examples stand in an output is found by leaving one out.

    **When it stays silent.** Outputs agree to `tolerance` of their size (more for half precision), or to ten times
    what two identical calls differ by. Batches that may have time first are silent if rows are apart in the second
    dimension. Outputs that compare all examples with all, as contrastive models give, are not judged. Skipped for
    graphs, whose rows are meant to meet, for batches of one, and where the model takes no other number of rows.

    **What it costs.** Six forward passes of `rows` rows.

    **Source.** Karpathy 2019, A recipe for training neural networks, "use backprop to chart dependencies".
    """

    code: ClassVar[str] = "M101"
    name: ClassVar[str] = "rows-mixed"
    tolerance: float = 1e-4  # of the largest output
    rows: int = 16  # that are looked at

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen = scene(bench)
        if seen is None:
            yield Skipped(name=self.name, reason="no call of the model was seen")
            return
        layout = find_examples(seen, most=self.rows)
        if isinstance(layout, str):
            yield Skipped(name=self.name, reason=layout)
            return
        gap = self._gap(seen, layout)
        if gap is None or (not surely_first(seen) and self._apart_in_second(seen)):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE,
            strength=Strength.PROVED,
            seen=f"Outputs of examples changed by {gap:.2g} of their size when other examples took the places of their"
            " neighbours, in evaluation mode.",
            advice="Look for a view, reshape or transpose that mixes dimension 0 with another one, a layer without"
            " `batch_first=True`, and a softmax, mean or norm over dimension 0.",
            causes=("batch_dim_mixing", "wrong_softmax_dim"),
            follows=("softmax-place",),
            evidence={"change": gap, "rows": layout.count},
        )

    def _gap(self, seen: Scene, layout: Layout) -> float | None:
        """How far outputs of kept rows go apart; None if no further than they may."""
        kept = list(range(0, layout.count, 2))
        neighbours = [row - row % 2 for row in range(layout.count)]
        first = seen.with_arguments(layout.given)  # what is carried from call to call shows between these two
        again = seen.with_arguments(layout.given)
        others = seen.with_arguments({**layout.given, **chosen(layout.given, neighbours, layout.count, layout.dim)})
        worst: float | None = None
        for path, before in layout.outputs.items():
            if path not in layout.places or not all(path in outputs for outputs in (first, again, others)):
                continue
            noise = max(difference(before, first[path]), difference(first[path], again[path]))
            allowed = max(self.tolerance, rounding(before), 10 * noise)
            size = min(
                difference(left[kept], right[kept])
                for left, right in zip(*(_sides(layout, path, before, others[path])), strict=True)
            )
            if size > allowed:
                worst = max(worst or 0.0, size)
        return worst

    def _apart_in_second(self, seen: Scene) -> bool:
        """Whether examples stand in the second dimension, and are apart there."""
        if not any(tensor.ndim > 1 for tensor in seen.arguments.values()):
            return False
        layout = find_examples(seen, 1, most=self.rows)
        return not isinstance(layout, str) and self._gap(seen, layout) is None


def _sides(layout: Layout, path: Path, left: Tensor, right: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Both by example, cut to what they share where padding follows the longest row."""
    if left.shape != right.shape and left.ndim == right.ndim:
        shared = tuple(slice(min(a, b)) for a, b in zip(left.shape, right.shape, strict=True))
        left, right = left[shared], right[shared]
    return layout.of_example(path, left), layout.of_example(path, right)
