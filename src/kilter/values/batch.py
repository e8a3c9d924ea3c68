"""Examples and batches: what a model sees, what it should say, and who it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from kilter.values.frozen_map import FrozenMap

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row as a person would read it, with the id under which it can be found again."""

    inputs: Mapping[str, object]
    target: object
    id: str
    weight: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", FrozenMap(self.inputs))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Examples as tensors.

    Attributes:
        inputs: name to tensor, first dimension the examples (b). Sequences are padded to the right and come with
            `mask` (b, t), true where a token stands. Usual names: `tokens` (b, t) int64, `numbers` (b, f) float32,
            `categories` (b, c) int64, `image` (b, channels, height, width) float32; see `values.inputs`.
        target: (b,), (b, k) or (b, t), as the task encodes it; None at prediction time. Places that are not judged
            hold `values.task.IGNORED`, amounts that are missing not-a-number.
        weight: (b,) float32, what each example counts for.
        ids: b names; they go with the predictions to the findings.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor | None
    weight: Tensor
    ids: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "inputs", FrozenMap(self.inputs))

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: str) -> Batch:
        """The same batch on another device."""
        return Batch(
            inputs={name: tensor.to(device, non_blocking=True) for name, tensor in self.inputs.items()},
            target=None if self.target is None else self.target.to(device, non_blocking=True),
            weight=self.weight.to(device, non_blocking=True),
            ids=self.ids,
        )
