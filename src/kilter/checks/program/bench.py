"""A person's program on the bench: recorded, made afresh, peeked into, trained with one thing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.predicted import Predicted, predicted
from kilter.checks.program.roles import Roles, find_roles
from kilter.checks.program.trials import AS_IT_IS, Change, Trial, run_trial
from kilter.engine.peeking import Peek, peek
from kilter.engine.programs import Made, batches, make, train_step
from kilter.engine.recording import record
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import leaves

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.engine.trees import Path
    from kilter.values.program import Program
    from kilter.values.recording import Recording

Kept = TypeVar("Kept")


@final
@dataclass(frozen=True, kw_only=True)
class Bench:
    """What checks of programs look at. What costs is done once, by whoever asks first, and kept.

    Every instance that is handed out was made for it and may be spoilt.
    """

    program: Program
    seed: int = 0
    _trials: dict[tuple[str, float, int], Trial] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[tuple[object, ...], Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def recording(self) -> Recording:
        """The first dozen steps."""
        with left_as_found():
            return record(self.program, self.made())

    @cached_property
    def roles(self) -> Roles:
        """Inputs and targets of a batch."""
        return find_roles(self.program, self.recording)

    def made(self, seed: int | None = None) -> Made:
        """The program afresh; the global generators go on from the seed."""
        with persons_code("Making the program"):
            return make(self.program, self.seed if seed is None else seed)

    def warmed(self, steps: int = 3) -> Made:
        """The program after some steps of its own, so that nothing that starts at zero hides; else fresh."""
        made = self.made()
        with persons_code("A training step"):
            for _, batch in batches(self.program, made, steps):
                train_step(self.program, made, batch)
        finite = all(bool(torch.isfinite(parameter).all()) for parameter in made.model.parameters())
        return made if finite else self.made()

    def batches(self, count: int) -> list[Any]:
        """The first batches that the training meets."""
        made = self.made()
        with persons_code("Reading the training loader"):
            return list(islice(iter(made.train), count))

    def valid_batches(self, count: int) -> list[Any]:
        """The first batches of validation; none where there is no loader."""
        made = self.made()
        with persons_code("Reading the validation loader"):
            return [] if made.valid is None else list(islice(iter(made.valid), count))

    def peek(self, made: Made, batch: Any, *, training: bool | None = None, seed: int | None = 0) -> Peek:
        """A step up to its backward, taken back; see `engine/peeking.py`."""
        with persons_code("A training step up to its backward"):
            return peek(self.program, made, batch, training=training, seed=seed)

    def predicted(self, made: Made, batch: Any, *, training: bool = False) -> Predicted | None:
        """What the loss is given for a batch: predictions and targets, with a graph; None where that is not seen."""
        return predicted(self.program, self.roles, self.peek(made, batch, training=training), batch)

    def trial(self, change: Change = AS_IT_IS, *, share: float = 1.0, seed: int | None = None) -> Trial:
        """The program's own training with one thing changed, for a share of its epochs; the same one is run once.

        Changes are told apart by their names.
        """
        key = (change.name, share, self.seed if seed is None else seed)
        if key not in self._trials:
            with left_as_found(), persons_code(f"Training {change.name}"):
                self._trials[key] = run_trial(self.program, self.made(key[2]), self.roles, change, share=share)
        return self._trials[key]

    def once(self, key: tuple[object, ...], compute: Callable[[], Kept]) -> Kept:
        """What was computed under this key, by whoever asked first; random states are left as they are."""
        if key not in self._kept:
            with left_as_found():
                self._kept[key] = compute()
        kept: Kept = self._kept[key]
        return kept

    def gathered(self, path: Path, *, most: int = 4096) -> Tensor | None:
        """Up to so many training rows of one tensor of the batches, in an epoch's order; None where shapes differ."""
        parts: list[Tensor] = []
        with left_as_found():
            seed_everything(self.seed)
            for batch in self._epoch():
                tensor = leaves(batch).get(path)
                if tensor is None or (parts and tensor.shape[1:] != parts[0].shape[1:]) or not tensor.ndim:
                    return None
                parts.append(tensor.detach())
                if sum(len(part) for part in parts) >= most:
                    break
        return torch.cat(parts)[:most] if parts else None

    def _epoch(self) -> Iterator[Any]:
        made = self.made()
        with persons_code("Reading the training loader"):
            yield from made.train
