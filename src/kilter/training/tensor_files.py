"""Tensors to a safetensors file straight from where they lie in memory, and the sum that tells whether it is whole."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch

from kilter.values.errors import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_PART: Final = 1 << 20
"""Bytes that are written and summed at a time: few enough to be summed while they are still in the cache."""

_TYPES: Final = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


class Content(NamedTuple):
    """How long a file is, and its CRC-32: what is half written, cut off or harmed has another."""

    bytes: int
    crc32: int


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> Content:
    """Write tensors by name, one after the other, from where they lie.

    One that is elsewhere than on the CPU, or lies in memory otherwise than row by row, is copied while it is its turn.
    The form is that of https://huggingface.co/docs/safetensors: the length of a header, the header, then the bytes.

    Raises:
        TrainingError: a tensor is of a type that the form does not have.
        OSError: the disk refuses.
    """
    # The widest first, so that each begins at a multiple of its width.
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    header: dict[str, Any] = {}
    at = 0
    for name, tensor in ordered:
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": _type(name, tensor), "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    start = (memoryview(len(head).to_bytes(8, "little")), memoryview(head))
    return _write(path, chain(start, (_bytes(tensor) for _, tensor in ordered)))


def write_text(path: Path, text: str) -> Content:
    """Write a text.

    Raises:
        OSError: the disk refuses.
    """
    return _write(path, (memoryview(text.encode()),))


def content_of(path: Path) -> Content:
    """The length and the sum of a file.

    Raises:
        OSError: it cannot be read.
    """
    length, crc = 0, 0
    buffer = bytearray(_PART)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            crc = zlib.crc32(memoryview(buffer)[:count], crc)
            length += count
    return Content(length, crc)


def _write(path: Path, pieces: Iterable[memoryview]) -> Content:
    length, crc = 0, 0
    with path.open("wb") as file:
        for piece in pieces:
            for at in range(0, len(piece), _PART):
                part = piece[at : at + _PART]
                file.write(part)
                crc = zlib.crc32(part, crc)
            length += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return Content(length, crc)


def _type(name: str, tensor: Tensor) -> str:
    if tensor.layout is torch.strided and tensor.dtype in _TYPES:
        return _TYPES[tensor.dtype]
    raise TrainingError(
        f"the state to be saved has a tensor of {tensor.dtype}, {tensor.layout}, at {name}",
        legal=f"dense tensors of {', '.join(str(kind).removeprefix('torch.') for kind in _TYPES)}",
        remedy="have the model or the optimizer keep its state in these",
    )


def _bytes(tensor: Tensor) -> memoryview:
    dense = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    flat: NDArray[np.uint8] = dense.reshape(-1).view(torch.uint8).numpy()
    return flat.data
