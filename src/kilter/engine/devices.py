"""Which device to compute on."""

from __future__ import annotations

import torch

from kilter.values.errors import UsageError


def choose_device(wanted: str) -> str:
    """The device to use: the wanted one, or with `auto` CUDA, then MPS, then the CPU.

    Raises:
        UsageError: the wanted device is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, is_there in there.items() if is_there)
    if not there.get(wanted, False):
        usable = ", ".join(name for name, is_there in there.items() if is_there)
        raise UsageError(f"train.device = {wanted!r} is not on this machine", legal=f"usable are auto, {usable}")
    return wanted


def settle(device: str) -> None:
    """Wait until a device has done what it was told, so that a clock that is read then tells of it."""
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device.startswith("mps"):
        torch.mps.synchronize()
