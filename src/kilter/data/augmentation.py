"""Variations of training examples; each is a function of (seed, epoch, row) and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from kilter.data.randomness import normals, uniforms
from kilter.data.vocabulary import RESERVED, UNKNOWN

DROPPING: Final = 1  # purposes of random numbers
ADDING: Final = 2
MOVING: Final = 3
FLIPPING: Final = 4


def without_tokens(tokens: Tensor, *, share: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Token ids (b, t) of which a share, drawn one by one, are unknown; padding and marks stay."""
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=tokens.shape[1], purpose=DROPPING)
    dropped = torch.from_numpy(drawn < share) & (tokens >= RESERVED)
    return tokens.masked_fill(dropped, UNKNOWN)


def with_noise(numbers: Tensor, *, deviation: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Numbers (b, f) with normal noise of this standard deviation added."""
    noise = normals(seed=seed, epoch=epoch, rows=rows, count=numbers.shape[1], purpose=ADDING)
    return numbers + torch.from_numpy((deviation * noise).astype(np.float32))


def shifted(images: Tensor, *, most: int, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Images (b, c, h, w) moved by up to `most` pixels down or up and right or left; what comes in repeats the edge."""
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=2, purpose=MOVING)
    moves = torch.from_numpy(np.floor(drawn * (2 * most + 1)).astype(np.int64) - most)
    batch, channels, height, width = images.shape
    down = (torch.arange(height) - moves[:, :1]).clamp(0, height - 1)
    right = (torch.arange(width) - moves[:, 1:]).clamp(0, width - 1)
    moved = images.gather(2, down[:, None, :, None].expand(batch, channels, height, width))
    return moved.gather(3, right[:, None, None, :].expand(batch, channels, height, width))


def flipped(images: Tensor, *, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Images (b, c, h, w) of which each, by the toss of a coin, is mirrored left to right."""
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=1, purpose=FLIPPING)
    mirrored = torch.from_numpy(drawn < 0.5)[:, :, None, None]
    return torch.where(mirrored, images.flip(-1), images)
