"""Variations of images; each is a function of (seed, epoch, row) and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from kilter.data.randomness import uniforms

MOVING: Final = 3  # purposes of random numbers
FLIPPING: Final = 4
TURNING: Final = 8
CUTTING: Final = 9


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


def rotated(images: Tensor, *, degrees: float, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Images (b, c, h, w) turned about their middle by up to `degrees` either way; what comes in repeats the edge.

    Between four pixels it is interpolated in both directions.
    """
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=1, purpose=TURNING)[:, 0]
    return turned(images, torch.from_numpy(np.deg2rad((2 * drawn - 1) * degrees)))


def turned(images: Tensor, angles: Tensor) -> Tensor:
    """Images (b, c, h, w) turned counter-clockwise, as one sees them, by angles (b,) in radians."""
    height, width = images.shape[2:]
    cosine, sine = angles.cos(), angles.sin()
    none = torch.zeros_like(cosine)
    # From where in the image each pixel comes, in halves of its width and height: x to the right, y downwards
    to_x = torch.stack([cosine, -sine * height / width, none], dim=1)
    to_y = torch.stack([sine * width / height, cosine, none], dim=1)
    grid = functional.affine_grid(torch.stack([to_x, to_y], dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid.to(images.dtype), padding_mode="border", align_corners=False)


def cut_out(images: Tensor, *, side: int, seed: int, epoch: int, rows: Sequence[int]) -> Tensor:
    """Images (b, c, h, w) of which a square is blanked to 0, which is the mean of all training pixels.

    The middle of the square is any pixel, so that it may reach over the edge (DeVries and Taylor 2017, Improved
    regularization of convolutional neural networks with cutout, section 3.2).
    """
    height, width = images.shape[2:]
    drawn = uniforms(seed=seed, epoch=epoch, rows=rows, count=2, purpose=CUTTING)
    corners = torch.from_numpy(np.floor(drawn * (height, width)).astype(np.int64) - side // 2)
    down, right = torch.arange(height) - corners[:, :1], torch.arange(width) - corners[:, 1:]
    blank = ((down >= 0) & (down < side))[:, None, :, None] & ((right >= 0) & (right < side))[:, None, None, :]
    return images.masked_fill(blank, 0.0)
