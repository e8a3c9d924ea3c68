"""When to look at the curves of a training that runs, so that faults are seen soon and looking costs little."""

from __future__ import annotations

import sys
from collections import deque
from itertools import pairwise
from typing import Final, final

AFTER: Final = (0, 6, 20, 30, 48)
"""Steps after something odd at which its curves are looked at: at once, and when its harm can be told."""

EARLY: Final = 200
"""Steps in which losses fall fast."""

SURVEY: Final = (10, 25)
"""Steps between two settings of what counts as odd, early and later."""

WINDOW: Final = 40
"""Losses from which it is set."""

SIGMAS: Final = 8.0
"""Times the noise of these losses above their median that is odd enough for a look; only a check decides."""

JUMP: Final = 2.9
"""Times the highest rate so far."""

SAME: Final = (8, 20, 45, 100)
"""Times that a batch was seen, at which its curve is looked at."""


@final
class Attention:
    """Says when to look, from one number after the other. It judges nothing: the checks do.

    Attributes:
        due: the next step at which to look; none is planned where it is beyond all steps.
    """

    def __init__(self) -> None:
        self.due = sys.maxsize
        self._following: list[int] = []  # looks at something odd, given up once one is in vain
        self._planned: list[int] = []
        self._ceiling = sys.float_info.max
        self._top = sys.float_info.max
        self._losses: deque[float] = deque(maxlen=WINDOW)
        self._survey = WINDOW // 2
        self._doubt = 1.0  # grows with each look in vain
        self._seen: dict[float, int] = {}

    def step(self, step: int, loss: float, rate: float) -> bool:
        """Take a step's loss and rate; whether its batch is worth a look."""
        self._losses.append(loss)
        odd = not loss <= self._ceiling
        if odd:
            odd = not self._following  # else it is being looked at already
            if odd:
                self._following = [step + after for after in AFTER]
                self._settle_due()
        if rate > self._top:
            self._top = JUMP * rate
            self._planned += [step + after for after in AFTER]
            self._settle_due()
        if step >= self._survey:
            self._settle(step, rate)
        return odd

    def batch(self, step: int, fingerprint: float) -> None:
        """Take a batch's fingerprint."""
        if len(self._seen) > 4 * WINDOW:
            self._seen.clear()
        self._seen[fingerprint] = times = self._seen.get(fingerprint, 0) + 1
        if times in SAME:
            self.later(step)

    def later(self, step: int) -> None:
        """Look at a step, too."""
        self._planned.append(step)
        self._settle_due()

    def looked(self, step: int, *, found: bool) -> None:
        """A look was taken at a step."""
        if self._following:
            self._doubt = 1.0 if found else min(2 * self._doubt, 64.0)
        self._following = [at for at in self._following if at > step] if found else []
        self._planned = [at for at in self._planned if at > step]
        self._settle_due()

    def _settle_due(self) -> None:
        self.due = min((*self._following, *self._planned), default=sys.maxsize)

    def _settle(self, step: int, rate: float) -> None:
        """What counts as odd from now on."""
        self._survey = step + SURVEY[step > EARLY]
        losses = [loss for loss in self._losses if loss - loss == 0]
        if len(losses) < WINDOW // 2:
            return
        changes = sorted(abs(after - before) for before, after in pairwise(losses))
        # half of the differences of two draws from a normal distribution are below .954 of its standard deviation
        noise = changes[len(changes) // 2] / 0.954
        middle = sorted(losses[-WINDOW // 4 :])[WINDOW // 8]
        self._ceiling = middle + max(SIGMAS * self._doubt * noise, 1e-9 * abs(middle))
        self._doubt = max(1.0, 0.9 * self._doubt)
        self._top = max(JUMP * rate, self._top if self._top < sys.float_info.max else 0.0)
