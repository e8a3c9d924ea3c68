"""Data sets that give one example at a time (PyTorch) or are asked for columns (Hugging Face), as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from kilter.data.faults import gathered
from kilter.values.errors import DataError, Fault

CHANNELS: Final = (1, 3, 4)
"""What a first dimension of an image is the channels of, as PyTorch has them, where the last one is none of these."""


def columns_of_named(given: Any) -> dict[str, Any]:
    """The columns of a data set with `column_names` (Hugging Face, Arrow); numbers of classes become their names."""
    features = getattr(given, "features", None) or {}
    return {str(name): _named(given[name], features.get(name)) for name in given.column_names}


def columns_of_items(given: Any, name: str) -> dict[str, Any]:
    """The columns of a data set whose items are `(x, y)`, mappings, or single values.

    Parts of an item are arrays, tensors, pictures, texts, lists of texts or numbers. The parts of a pair are called
    `x` and `label`, those of longer tuples `x0`, `x1` and so on before the `label`; texts are called `text` instead of
    `x`, and images `image`. An array (k,) becomes k columns `x_0` to `x_<k-1>`, images with the channels first get them
    last.

    Raises:
        DataError: items that cannot be read, or are unlike the first one; all of them.
    """
    first: dict[str, Any] | None = None
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, item in enumerate(_items(given, faults, name)):
        row = _parts(item)
        first = row if first is None else first
        faults += _unlike(row, first, f"{name}#{number}")
        rows.append(row)
    if faults:
        raise gathered(f"{name} cannot be a table", faults, remedy="mend these items, or give a table")
    if first is None:
        raise DataError(f"{name} has no rows", legal="at least one row is needed")
    columns: dict[str, Any] = {}
    for part in first:
        columns |= _columns(part, [row[part] for row in rows])
    return columns


def is_item(value: object) -> bool:
    """Whether a row is an example of a data set: a pair or longer tuple whose parts may be arrays."""
    return isinstance(value, tuple) and len(value) >= 2


def without_graph(value: Any) -> Any:
    """A tensor's numbers as numpy has them, whatever device they are on; anything else as it is."""
    if not hasattr(value, "detach"):  # torch need not be there to tell
        return value
    plain = value.detach().cpu()
    return plain.float().numpy() if str(plain.dtype) == "torch.bfloat16" else plain.numpy()


def _items(given: Any, faults: list[Fault], name: str) -> Iterable[object]:
    """Each item; one whose reading raises is a fault."""
    if not hasattr(given, "__len__") or isinstance(given, list | tuple):
        yield from given
        return
    for number in range(len(given)):
        try:
            item = given[number]
        except Exception as error:  # noqa: BLE001 - a person's code may raise anything
            faults.append(Fault(where=f"{name}#{number}", met=f"{type(error).__name__}: {error}"))
        else:
            yield item


def _parts(item: object) -> dict[str, Any]:
    """An item's parts by name, arrays as numpy has them."""
    if isinstance(item, Mapping):
        return {str(name): _plain(value) for name, value in item.items()}
    if not is_item(item) or not isinstance(item, tuple):
        value = _plain(item)
        return {_called(value, "x"): value}
    *inputs, target = [_plain(value) for value in item]
    if len(inputs) == 1:
        return {_called(inputs[0], "x"): inputs[0], "label": target}
    return {**{f"x{number}": value for number, value in enumerate(inputs)}, "label": target}


def _called(value: object, otherwise: str) -> str:
    if isinstance(value, str):
        return "text"
    return "image" if isinstance(value, np.ndarray) and value.ndim > 1 else otherwise


def _plain(value: Any) -> Any:
    """Tensors and pictures as arrays, arrays of one value as that value."""
    value = without_graph(value)
    if hasattr(value, "__array_interface__") or hasattr(value, "__array__"):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return value.item()
    if isinstance(value, np.ndarray) and value.ndim == 3:
        return _channels_last(value)
    return value


def _channels_last(image: np.ndarray) -> np.ndarray:
    first = image.shape[0] in CHANNELS and image.shape[2] not in CHANNELS
    return np.moveaxis(image, 0, 2) if first else image


def _unlike(row: Mapping[str, Any], first: Mapping[str, Any], where: str) -> list[Fault]:
    if row.keys() != first.keys():
        met = f"has {', '.join(row) or 'nothing'}"
        return [Fault(where=where, met=met, legal=f"the first item has {', '.join(first) or 'nothing'}")]
    return [
        Fault(
            where=where, met=f"{part} has shape {_shape(row[part])}", legal=f"the first one has {_shape(first[part])}"
        )
        for part in first
        if _shape(row[part]) != _shape(first[part])
    ]


def _shape(value: object) -> tuple[int, ...]:
    return value.shape if isinstance(value, np.ndarray) else ()


def _columns(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The values of one part as one column, or as many as its array is long."""
    if not isinstance(values[0], np.ndarray):
        return {name: values}
    whole = np.stack(values)
    if whole.ndim == 2 and whole.dtype.kind in "biuf":
        return {f"{name}_{number}": whole[:, number] for number in range(whole.shape[1])}
    return {name: list(values) if whole.ndim == 2 else whole}


def _named(values: Any, feature: Any) -> Any:
    """A column's values; numbers of classes, alone or in lists, as the names that the data set knows."""
    names = getattr(feature, "names", None)
    inner = getattr(getattr(feature, "feature", None), "names", None)
    if names:
        return [_name(names, value) for value in values]
    if inner:
        return [None if row is None else [_name(inner, value) for value in row] for row in values]
    return values if hasattr(values, "to_numpy") else [_plain(value) for value in values]


def _name(names: Sequence[str], number: Any) -> str | None:
    """The name of a class; none for what is missing, which is written as -1."""
    return None if number is None or number < 0 else str(names[int(number)])
