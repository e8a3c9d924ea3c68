"""Variations of numbers; each is a function of (seed, epoch, row) and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from kilter.data.randomness import normals

ADDING: Final = 2  # purpose of random numbers


def with_noise(numbers: Tensor, *, deviation: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Numbers (b, f) with normal noise of this standard deviation added."""
    noise = normals(seed=seed, epoch=epoch, rows=rows, count=numbers.shape[1], purpose=ADDING)
    return numbers + torch.from_numpy((deviation * noise).astype(np.float32))
