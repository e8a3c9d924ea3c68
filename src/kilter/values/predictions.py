"""Predictions: one row an example, with the id that leads back to the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What was asked, what was answered, and how wrong it was; n rows.

    Attributes:
        ids: n names of examples.
        target: (n,) or (n, k) as the task encodes it; object array of sequences for sequence tasks.
        answer: what the model gave, before deciding: (n, k) probabilities, (n,) values, object array of sequences.
        decided: what was decided, of the same form as target.
        cost: (n,) loss of each example; NaN where the task has no per-example loss.
        merit: (n,) larger is better; its mean is what a paired comparison compares (1/0 for right and wrong).
        weight: (n,) what each example counts for.
    """

    ids: tuple[str, ...]
    target: NDArray[np.generic]
    answer: NDArray[np.generic]
    decided: NDArray[np.generic]
    cost: NDArray[np.float64]
    merit: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __post_init__(self) -> None:
        rows = len(self.ids)
        for name in ("target", "answer", "decided", "cost", "merit", "weight"):
            column: Sequence[object] = getattr(self, name)
            if len(column) != rows:
                message = f"{name} has {len(column)} rows and there are {rows} ids; they must agree"
                raise ValueError(message)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return (
            f"Predictions({len(self)} rows, mean merit {float(self.merit.mean()) if len(self) else float('nan'):.4g})"
        )

    def take(self, rows: NDArray[np.integer]) -> Predictions:
        """These rows, in this order."""
        return Predictions(
            ids=tuple(self.ids[row] for row in rows),
            target=self.target[rows],
            answer=self.answer[rows],
            decided=self.decided[rows],
            cost=self.cost[rows],
            merit=self.merit[rows],
            weight=self.weight[rows],
        )
