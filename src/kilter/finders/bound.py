"""How large a batch can be at most, told from a training under fake tensors, which hold no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from kilter.engine.attempt import begin
from kilter.engine.trees import leaves, size, with_leaves
from kilter.finders.tally import Tally
from kilter.values.batch import Batch

if TYPE_CHECKING:
    from kilter.finders.nursery import Nursery
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

SECONDS: Final = 60.0
"""After which tracing is given up; recurrent networks over long texts take one call an element."""

SEEN: Final = 16
"""Examples of the real batch whose shapes are taken."""

FIRST: Final = 64
"""Examples of the first fake batch."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A lower bound on what a training holds: kernels' scratch and allocators' rest come on top.

    Attributes:
        fixed: bytes that do not hang on the batch: weights, gradients, optimizer state.
        each: bytes an example of the batch.
    """

    fixed: float
    each: float

    def largest(self, room: int) -> int:
        """Examples whose batch surely fills so many bytes; 0 where the weights alone do."""
        return max(0, int((room - self.fixed) / self.each))


def bound(nursery: Nursery, *, room: int, most: int, seed: int = 0, window: int = 1) -> Bound | None:
    """What a training holds at least, by the size of its batch; None where it cannot be traced.

    Args:
        nursery: where the subject is tried.
        room: bytes that may be taken beyond what is held before.
        most: the largest batch that is of interest.
        seed: of weights and data.
        window: batches that make one step.
    """
    ended = nursery.call(
        traced,
        doing="a training step on tensors without numbers",
        limit=room * 2 + nursery.held,
        seconds=SECONDS,
        room=room,
        most=most,
        seed=seed,
        window=window,
    )
    return None if ended.answer is None else Bound(fixed=ended.answer[0], each=ended.answer[1])


def traced(subject: Pipeline | Program, *, room: int, most: int, seed: int, window: int) -> tuple[float, float] | None:
    """Bytes that do not hang on the batch, and bytes an example; None where fake tensors do not go through."""
    try:
        return _traced(subject, room, most, seed, window)
    except Exception:  # noqa: BLE001 - much of what people write needs numbers; then there is no bound
        return None


def _traced(subject: Pipeline | Program, room: int, most: int, seed: int, window: int) -> tuple[float, float] | None:
    fake, tally = FakeTensorMode(allow_non_fake_inputs=True), Tally()
    with _moved_by_replacing(), fake, tally:
        attempt = begin(subject, seed=seed, batch=min(SEEN, most))
    batches = attempt.widest()
    if not batches or not size(batches[0]):
        return None

    def peak(examples: int) -> int:
        with fake, tally:
            tally.most = tally.now
            grown = tuple(_with_examples(batches[0], examples, attempt.device) for _ in range(window))
            attempt.step_on(*grown)
        return tally.most

    start = min(FIRST, most)
    peak(start)  # from the second step on, there is the optimizer's state
    first, held = peak(start), tally.now
    slope = max(1.0, (first - held) / start)
    large = max(2, min(most, int((room - held) / slope)))
    high, low = peak(large), peak(large // 2)
    each = (high - low) / (large - large // 2)
    return (high - each * large, each) if each > 0 else None


def _with_examples(batch: Any, examples: int, device: str) -> Any:
    """A fake batch like a real one with another number of examples."""
    count = size(batch)
    grown = {
        path: torch.empty(
            (examples, *tensor.shape[1:]) if tensor.ndim and tensor.shape[0] == count else tensor.shape,
            dtype=tensor.dtype,
            device=tensor.device,
        )
        for path, tensor in leaves(batch).items()
    }
    fake = with_leaves(batch, grown)
    if isinstance(fake, Batch):
        return replace(fake, ids=tuple(str(row) for row in range(examples)))
    return fake


@contextmanager
def _moved_by_replacing() -> Iterator[None]:
    """Inside, `module.to(...)` puts new parameters in place: fake ones cannot become others, as torch would have it."""
    module: Any = torch.nn.Module
    before = module._apply  # noqa: SLF001 - all of `to`, `cpu`, `float` and so on go through it

    def _apply(self: Any, fn: Callable[[Any], Any], recurse: bool = True) -> Any:  # noqa: FBT001, FBT002 - torch's
        for child in self.children() if recurse else ():
            child._apply(fn)  # noqa: SLF001 - as above
        for kept in (self._parameters, self._buffers):
            for name, tensor in kept.items():
                if tensor is None:
                    continue
                made: Any = fn(tensor.detach())
                learnt = isinstance(tensor, torch.nn.Parameter)
                kept[name] = torch.nn.Parameter(made, tensor.requires_grad) if learnt else made
        return self

    module._apply = _apply  # noqa: SLF001 - as above
    try:
        yield
    finally:
        module._apply = before  # noqa: SLF001 - as above
