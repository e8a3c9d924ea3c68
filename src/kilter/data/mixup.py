"""Mixup: training examples that lie between two rows, and count for both of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from kilter.values.batch import Batch

MIXING: Final = 0xA1F  # tells this use of a generator from those with the same seed and epoch


def mixed_up(batch: Batch, *, alpha: float, seed: int, epoch: int, rows: Sequence[int]) -> Batch:
    """A batch whose inputs are mixed pairwise; a function of (seed, epoch, rows).

    Each row is mixed with another of the batch, λ of itself and 1 - λ of the other, λ drawn from Beta(α, α) for the
    whole batch (Zhang et al. 2018, mixup: beyond empirical risk minimization, section 2). The mixed inputs stand twice,
    with the target of either row, and weigh λ and 1 - λ of that row's weight: the loss is λ of the one target's and
    1 - λ of the other's, whatever the task, and all weights together are what they were.

    Args:
        batch: b rows, all inputs floating-point.
        alpha: more than 0; 1 is a uniform share, less keeps near one of the two.
        seed: of the run.
        epoch: from 0.
        rows: the row numbers of the batch.

    Returns:
        2b rows.
    """
    generator = np.random.default_rng([seed, epoch, MIXING, *rows])
    share = float(generator.beta(alpha, alpha))
    partner = torch.from_numpy(generator.permutation(len(batch)))
    mixed = {name: torch.lerp(tensor[partner], tensor, share) for name, tensor in batch.inputs.items()}
    return Batch(
        inputs={name: torch.cat([tensor, tensor]) for name, tensor in mixed.items()},
        target=None if batch.target is None else torch.cat([batch.target, batch.target[partner]]),
        weight=torch.cat([share * batch.weight, (1 - share) * batch.weight[partner]]),
        ids=(*batch.ids, *(batch.ids[place] for place in partner.tolist())),
    )
