"""How accelerate looks for a batch size."""

from __future__ import annotations

import resource
from typing import Any

from kilter.engine.attempt import begin
from kilter.finders.nursery import Nursery
from kilter.finders.usage import held
from kilter.values.batch_suggestion import Counted

STEPS = 2
"""Ordinary training steps that a size must bear."""


def halved(nursery: Nursery, *, rows: int, room: int) -> dict[str, Any]:
    """Where accelerate's search ends in a child with a limit of its address space, and steps that it made."""
    ended = nursery.call(searched, doing="accelerate's search", rows=rows, room=room)
    return ended.answer or {"size": 0, "steps": 0, "said": ended.ran_out}


def searched(subject: Any, *, rows: int, room: int) -> dict[str, Any]:
    """`find_executable_batch_size` around the making of a training and some of its steps."""
    from accelerate.utils import find_executable_batch_size

    most = (held(Counted.ADDRESSES) or 0) + room
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    made = [0]

    @find_executable_batch_size(starting_batch_size=rows)
    def train(batch_size: int) -> int:
        attempt = begin(subject, batch=batch_size)
        for _ in range(STEPS):
            made[0] += 1
            attempt.step()
        return batch_size

    return {"size": train(), "steps": made[0]}
