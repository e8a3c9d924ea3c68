"""A call of the model as the program makes it, and the same call with other arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.engine.peeking import Peek, call_again
from kilter.engine.programs import Made
from kilter.engine.trees import Path, leaves, with_leaves

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.recording import Recording

UPDATES: Final = 3
"""Updates after which nothing that starts at zero hides a dependence any more."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The model's last outermost call for a batch, in evaluation mode. Whoever looks at it changes nothing.

    Attributes:
        made: the program on which it was seen.
        batch: for which it was.
        seen: the call.
    """

    made: Made
    batch: Any
    seen: Peek

    @property
    def arguments(self) -> dict[Path, Tensor]:
        """The tensors that the model was given, by the way to them; the first step is "at" or "by"."""
        return leaves({"at": self.seen.arguments, "by": dict(self.seen.keywords)})

    @property
    def outputs(self) -> dict[Path, Tensor]:
        """The tensors that it gave."""
        return leaves(self.seen.outputs)

    def with_arguments(self, new: Mapping[Path, Tensor], *, training: bool = False) -> dict[Path, Tensor]:
        """What it gives with other tensors in some places.

        Raises:
            PersonsCodeFailed: the model cannot take them.
        """
        given = with_leaves({"at": self.seen.arguments, "by": dict(self.seen.keywords)}, new)
        with persons_code("Calling the model"):
            return leaves(call_again(self.made, self.seen, given["at"], given["by"], training=training))


def scene(bench: Bench, *, settled: bool = True) -> Scene | None:
    """The call for the first batch; None where none was seen.

    Args:
        bench: of the program.
        settled: after some updates, so that nothing that starts at zero hides; else as it was made.
    """
    return bench.once(("scene", settled), lambda: _look(bench, settled=settled))


def fresh(bench: Bench) -> Made:
    """The program as it was made; to be peeked at only, since all share it."""
    return bench.once(("fresh",), bench.made)


def _look(bench: Bench, *, settled: bool) -> Scene | None:
    if not bench.recording.steps:
        return None
    made = bench.made() if settled else fresh(bench)
    if settled:
        _load(made, state_after(bench.recording, UPDATES))
    batch = bench.recording.steps[0].batch
    seen = bench.peek(made, batch, training=False)
    return Scene(made=made, batch=batch, seen=seen) if seen.module is not None else None


def state_after(recording: Recording, updates: int) -> Mapping[str, Tensor]:
    """Parameters and buffers after so many updates, or at the end; those at the start if no longer numbers."""
    done = 0
    state = recording.after
    for step in recording.steps:
        if done >= updates:
            state = step.before
            break
        done += len(step.updates)
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in state.values() if tensor.is_floating_point())
    return state if finite else recording.steps[0].before


def _load(made: Made, state: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in [*made.model.named_parameters(), *made.model.named_buffers()]:
            if name in state and state[name].shape == tensor.shape:
                tensor.data.copy_(state[name])


def difference(left: Tensor, right: Tensor) -> float:
    """The largest difference, as a share of the largest number of the left one; the same nothing does not differ.

    >>> round(difference(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.2])), 3)
    0.1
    """
    if left.shape != right.shape:
        return float("inf")
    if not left.numel():
        return 0.0
    a, b = left.detach().double(), right.detach().double()
    apart = (a - b).abs()
    apart[(torch.isnan(a) & torch.isnan(b)) | (a == b)] = 0.0  # the second: infinities of one sign
    finite = a[torch.isfinite(a)].abs()
    scale = float(finite.max()) if finite.numel() else 0.0
    return float(apart.nan_to_num(nan=float("inf")).max()) / max(scale, 1e-12)


def rounding(tensor: Tensor) -> float:
    """What rounding alone may do to numbers of this type, as a share of the largest; 1e-4 for 32 bits and more."""
    return max(1e-4, 16 * torch.finfo(tensor.dtype).eps) if tensor.is_floating_point() else 1e-4
