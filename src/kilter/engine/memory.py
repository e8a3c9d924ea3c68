"""How much memory was taken."""

from __future__ import annotations

import sys
from contextlib import suppress

import torch


def peak_memory(device: str) -> int | None:
    """The most bytes that were taken so far: on a GPU those of tensors, else those of this process; None if unknown."""
    if device.startswith("cuda"):
        return int(torch.cuda.max_memory_allocated(device))
    with suppress(ImportError):  # there is none on Windows
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most  # bytes there, kibibytes elsewhere
    return None
