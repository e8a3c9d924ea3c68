"""Archives of arrays (`.npz`): one array a column, or a block of columns; pickled objects are refused."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.data.cells import WHOLE, as_texts
from kilter.data.damage import DAMAGE
from kilter.data.faults import counted, gathered
from kilter.values.errors import DataError, Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST_DIMENSIONS = 4  # rows, height, width, channels
LARGEST = 2**33  # bytes unpacked: beyond it no memory is asked for, whatever an archive declares
DENSEST = 20  # times the archive's own size that an array may unpack to where that is more


def read_arrays(data: bytes, *, name: str) -> Mapping[str, NDArray[np.generic]]:
    """The columns of an `.npz` file.

    Arrays (n,) of numbers become float64, of texts and truth values object arrays of str; (n, k) becomes k columns of
    numbers `x_0` to `x_<k-1>`; (n, height, width) and (n, height, width, channels) are images and stay as they are.

    Raises:
        DataError: the bytes are no such archive, an array holds pickled objects (reading them could run code), its
            values are none of these, or the arrays do not have equally many rows.
    """
    columns: dict[str, NDArray[np.generic]] = {}
    faults: list[Fault] = []
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise _no_archive(name, "it holds a single array")
        with loaded as archive:
            for key in archive.files:
                array = _array(archive, key, f"{name}:{key}", len(data))
                if isinstance(array, Fault):
                    faults.append(array)
                    continue
                for column, values in _columns(key, array, f"{name}:{key}"):
                    if isinstance(values, Fault):
                        faults.append(values)
                    else:
                        columns[column] = values
    except (*DAMAGE, ValueError) as error:
        raise _no_archive(name, str(error)) from error
    rows = {column: len(values) for column, values in columns.items()}
    if len(set(rows.values())) > 1:
        met = ", ".join(f"{column} {number:,}" for column, number in rows.items())
        faults.append(
            Fault(where=name, met=f"unequal numbers of rows ({met})", legal="the first dimension is the rows")
        )
    if faults:
        raise gathered(f"{name} cannot be read", faults)
    if not columns or not max(rows.values()):
        raise DataError(f"{name} has no rows", legal="arrays of at least one row are needed", remedy="save it again")
    return columns


def _array(archive: np.lib.npyio.NpzFile, key: str, where: str, packed: int) -> NDArray[np.generic] | Fault:
    try:
        if fault := _too_large(archive, key, where, packed):
            return fault
        return archive[key]
    except ValueError as error:
        if "pickle" not in str(error):
            return Fault(where=where, met=f"damaged: {error}", remedy="save it again")
        return Fault(
            where=where,
            met="a pickled array of objects, refused because reading it could run code hidden in it",
            legal="arrays of numbers or of texts",
            remedy="save it with a plain type, for instance array.astype(str) or array.astype(float)",
        )
    except DAMAGE as error:
        return Fault(where=where, met=f"damaged: {error}", remedy="copy or save the file again")
    except (TypeError, KeyError, SyntaxError, MemoryError, OverflowError) as error:  # a header of nonsense
        return Fault(where=where, met=f"damaged: {type(error).__name__} {error}", remedy="copy or save the file again")


def _too_large(archive: np.lib.npyio.NpzFile, key: str, where: str, packed: int) -> Fault | None:
    """What an array's header declares, before memory is asked for: no more than the entry holds, and no bomb."""
    inner = archive.zip
    if inner is None:
        return None
    name = key if key in inner.namelist() else f"{key}.npy"
    held = inner.getinfo(name).file_size
    if held > max(LARGEST, DENSEST * packed):
        return Fault(where=where, met=f"declares {held:,} bytes unpacked", legal=f"at most {LARGEST:,}")
    with inner.open(name) as file:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
    declared = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or declared <= held:
        return None
    met = f"damaged: its header declares {declared:,} bytes, and it holds {held:,}"
    return Fault(where=where, met=met, remedy="copy or save the file again")


def _columns(key: str, array: NDArray[np.generic], where: str) -> list[tuple[str, NDArray[np.generic] | Fault]]:
    if array.ndim == 0:
        return [
            (key, Fault(where=where, met="a single value", legal="arrays have one value a row", remedy="leave it out"))
        ]
    if array.dtype.kind not in "biufUS":
        legal = "numbers, truth values and texts are legal"
        return [(key, Fault(where=where, met=f"values of type {array.dtype}", legal=legal, remedy="convert it"))]
    if array.ndim == 1:
        return [(key, flat_column(array))]
    numeric = array.dtype.kind in "iuf"
    if array.ndim == 2 and numeric:
        return [(f"{key}_{column}", array[:, column].astype(np.float64)) for column in range(array.shape[1])]
    if array.ndim <= LARGEST_DIMENSIONS and numeric:
        return [(key, array)]
    met = f"{counted(array.ndim, 'dimension')} of {array.dtype}"
    return [(key, Fault(where=where, met=met, legal="(n,), (n, k), (n, h, w) and (n, h, w, c) are legal"))]


def flat_column(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """An array (n,) as a column: float64; truth values and whole numbers beyond double precision are texts."""
    kind = array.dtype.kind
    if kind == "f" or (kind in "iu" and not (array.size and np.abs(array.astype(np.float64)).max() >= WHOLE)):
        return array.astype(np.float64)
    values: list[Any] = array.tolist()
    if kind == "b":
        texts = ["true" if value else "false" for value in values]
    elif kind == "S":
        texts = [value.decode("utf-8", errors="backslashreplace") for value in values]
    else:
        texts = [str(value) for value in values]
    return as_texts(texts)


def _no_archive(name: str, reason: str) -> DataError:
    return DataError(
        f"{name} cannot be read as .npz: {reason}",
        legal="an archive that numpy.savez or numpy.savez_compressed wrote",
        remedy="write or copy it again",
    )
