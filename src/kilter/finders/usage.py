"""How much memory a process holds, and the most it has held, in the unit in which a limit counts it."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, final

import torch

from kilter.engine.memory import peak_memory
from kilter.values.batch_suggestion import Counted

_LINES: Final = {Counted.RESIDENT: "VmRSS", Counted.ADDRESSES: "VmSize", Counted.DATA: "VmData"}
_KIBIBYTE: Final = 1024


def held(counts: Counted, process: int | None = None) -> int | None:
    """Bytes that a process holds now, this one if no other is named; None where the system does not tell."""
    told = _status(process)
    if not told and process is None:  # a system without /proc
        return peak_memory("cpu")
    return told.get(_LINES.get(counts, ""))


def mapped() -> int:
    """Resident bytes of this process that are files, torch's code above all."""
    return _status(None).get("RssFile", 0)


def give_back() -> None:
    """Have the allocator give back what this process has freed, where it is glibc's."""
    trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def is_pinned() -> bool:
    """Whether glibc's heap was told by its environment from which size on a block is mapped by itself, and given back.

    Left alone it raises that size whenever such a block is freed; from then on large blocks are cut out of one heap,
    and what equal steps hold hangs on the order in which blocks were freed (mallopt(3), M_MMAP_THRESHOLD).
    """
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    return "MALLOC_MMAP_THRESHOLD_" in os.environ or "glibc.malloc.mmap_threshold=" in tunables


def held_alone(counts: Counted) -> int:
    """Bytes that this process holds, without those that are files: a forked child has them when it reads them again."""
    return max(0, (held(counts) or 0) - (mapped() if counts is Counted.RESIDENT else 0))


@final
class HighWater:
    """The most bytes that this process holds from now on.

    Args:
        counts: in which unit.
        files: resident bytes that are files in the process that it stands for.
    """

    def __init__(self, counts: Counted, files: int = 0) -> None:
        told = _status(None)
        self._counts, self._files = counts, files
        self._other = told.get("VmSize", 0) - told.get("VmData", 0)

    def now(self, device: str) -> int:
        """Bytes that are held at this moment, what it has freed given back first; at least 0.

        Args:
            device: as below.
        """
        if self._counts is Counted.DEVICE:
            return held_on(device)
        give_back()
        beside = max(0, self._files - mapped()) if self._counts is Counted.RESIDENT else 0
        return (held(self._counts) or 0) + beside

    def most(self, device: str) -> int:
        """What it is by now, at least 0.

        Args:
            device: whose memory it is, where that of a device is counted.
        """
        if self._counts is Counted.DEVICE:
            return device_peak(device) or 0
        told = _status(None)
        if not told:  # a system without /proc
            return peak_memory("cpu") or 0
        if self._counts is Counted.RESIDENT:
            return told.get("VmHWM", 0) + max(0, self._files - told.get("RssFile", 0))
        most = told.get("VmPeak", 0)  # there is no high-water mark of data, which grow as the address space does
        return most if self._counts is Counted.ADDRESSES else most - self._other


def device_peak(device: str) -> int | None:
    """The most bytes that tensors took on a GPU; on MPS what the driver holds, which does not shrink by itself."""
    if device.startswith("mps"):
        return int(torch.mps.driver_allocated_memory())
    return peak_memory(device)


def held_on(device: str) -> int:
    """Bytes that tensors take on a GPU now."""
    if device.startswith("mps"):
        return int(torch.mps.current_allocated_memory())
    return int(torch.cuda.memory_allocated(device))


def free_on(device: str) -> int | None:
    """Bytes that are free on a device; None for the processor, whose memory is the system's."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(device)[0])
    if device.startswith("mps"):
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    return None


def cap(device: str, most: int) -> None:
    """Have a device's allocator give no more than so many bytes; the processor has none that could be asked."""
    kind: Any = torch.cuda if device.startswith("cuda") else torch.mps if device.startswith("mps") else None
    if kind is torch.cuda:
        torch.cuda.set_per_process_memory_fraction(min(1.0, most / torch.cuda.mem_get_info(device)[1]), device)
    elif kind is torch.mps:
        torch.mps.set_per_process_memory_fraction(min(1.0, most / torch.mps.recommended_max_memory()))


def _status(process: int | None) -> dict[str, int]:
    """The lines of /proc/PID/status that tell sizes, in bytes."""
    lines: list[str] = []
    with suppress(OSError):
        lines = Path(f"/proc/{process or 'self'}/status").read_text("utf-8").splitlines()
    parted = (line.split() for line in lines if line.startswith(("Vm", "RssFile")))
    return {words[0].rstrip(":"): int(words[1]) * _KIBIBYTE for words in parted}
