"""What a training spends beside its steps, counted as it goes and taken up again where it is resumed."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, final

import numpy as np

from kilter.engine.memory import peak_memory
from kilter.values.curve_names import COSTS, EVALUATING, EXAMPLES, MEMORY, SAVING, SECONDS, TOKENS, TOTAL, WAITING
from kilter.values.history import History

if TYPE_CHECKING:
    from kilter.training.loading import Loaded


@final
class Account:
    """Sums over all sittings of a training, by the names of their curves.

    What is added at each step are numbers; tensors are looked at only for the tokens of their masks.

    Args:
        history: what was recorded before.
    """

    __slots__ = ("_after", "_sums")

    def __init__(self, history: History | None = None) -> None:
        last = (history or History()).last
        self._sums = {name: last(name) or 0.0 for name in COSTS}
        self._after = max(0.0, self._sums[TOTAL] - (last(SECONDS) or 0.0))

    def heard(self, batches: Generator[Loaded, None, None]) -> Iterator[Loaded]:
        """The same batches; how long they were waited for and what they hold is added up."""
        sums, clock = self._sums, time.perf_counter
        masked: bool | None = None  # as the first batch is: asking each of them takes longer than all the rest here
        with closing(batches):
            while True:
                began = clock()
                loaded = next(batches, None)
                sums[WAITING] += clock() - began
                if loaded is None:
                    return
                for batch in loaded.window:
                    sums[EXAMPLES] += len(batch.ids)
                    if masked is None:
                        masked = "mask" in batch.inputs
                    if masked:
                        sums[TOKENS] += np.count_nonzero(batch.inputs["mask"].numpy())
                yield loaded

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Inside, the validation split is evaluated."""
        with self._timed(EVALUATING):
            yield

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Inside, a checkpoint is written."""
        with self._timed(SAVING):
            yield

    def costs(self, seconds: float, device: str) -> dict[str, float]:
        """A row for the record: all sums as they stand, those that are nothing left out.

        Args:
            seconds: since training began, counted on from the last step of the sitting before.
            device: of whose memory the peak is asked.
        """
        self._sums[MEMORY] = max(self._sums[MEMORY], float(peak_memory(device) or 0))
        self._sums[TOTAL] = seconds + self._after
        return {name: value for name, value in self._sums.items() if value}

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self._sums[name] += time.perf_counter() - began
