"""How much the loss makes of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.given import given
from kilter.engine.peeking import output_gradient
from kilter.engine.trees import leaves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.program.bench import Bench

    Matrix: TypeAlias = NDArray[np.float64]


def class_emphasis(bench: Bench) -> Matrix | None:
    """The gradient of the loss by a row's outputs, its mean size for each class; not-a-number where no row was seen.

    On a fresh model that says the same of all rows, these are as the weights that the loss gives to classes.
    """
    return bench.once(("class emphasis",), lambda: _class_emphasis(bench))


def _class_emphasis(bench: Bench) -> Matrix | None:
    target = answers(bench)
    if target is None or not target.classes:
        return None
    sums, counts = np.zeros(target.classes), np.zeros(target.classes)
    made = bench.made()
    values = np.array(target.values)
    for batch in given(bench).train.batches[:8]:
        seen = bench.peek(made, batch, training=False)
        outputs = [t for t in leaves(seen.outputs).values() if t.is_floating_point() and t.requires_grad]
        labels = leaves(batch)[target.path].reshape(len(leaves(batch)[target.path]), -1)
        truth = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(1)
        if seen.loss is None or not outputs or outputs[0].ndim < 1 or len(outputs[0]) != len(truth):
            return None
        gradient = output_gradient(seen.loss, outputs[0])
        if gradient is None:
            return None
        sizes = gradient.detach().double().reshape(len(truth), -1).abs().sum(1).cpu().numpy() * len(truth)
        at = np.searchsorted(values, truth.double().cpu().numpy())
        legal = (at < len(values)) & np.isfinite(sizes)
        np.add.at(sums, at[legal], sizes[legal])
        np.add.at(counts, at[legal], 1)
    found: Matrix = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return found
