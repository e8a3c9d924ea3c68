"""A mapping that cannot be changed and can be sent to another process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar, final

Key = TypeVar("Key")
Value = TypeVar("Value")


@final
class FrozenMap(Mapping[Key, Value], Generic[Key, Value]):
    """A read-only mapping; `types.MappingProxyType` cannot be pickled, and loader workers pickle what they return.

    >>> FrozenMap({"a": 1})
    {'a': 1}
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Key, Value] | None = None) -> None:
        self._items: dict[Key, Value] = dict(items or {})

    def __getitem__(self, key: Key) -> Value:
        return self._items[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[type[FrozenMap[Key, Value]], tuple[dict[Key, Value]]]:
        return FrozenMap, (self._items,)
