"""Recording the first steps of a person's program."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from kilter.engine.listening import Notes, listening, named_parameters, settings
from kilter.engine.programs import Made, batches, elements, train_step, value_of
from kilter.engine.seeding import random_state
from kilter.engine.trees import apart
from kilter.values.recording import Recording, SeenStep

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.program import Program

STEPS: Final = 12
"""Batches that are looked at."""

UPDATES: Final = 2
"""Updates that are waited for where gradients are accumulated."""

FIRST: Final = 40
"""Batches after which the first of them is no longer waited for."""

LONGEST: Final = 64
"""Batches after which that waiting ends."""

NUMBERS: Final = 50_000_000
"""Numbers of parameters and gradients that are kept at most; a large model is looked at for fewer steps."""


def record(program: Program, made: Made, *, steps: int = STEPS) -> Recording:
    """The first steps of a program that was just made; an error of its code ends the recording and is kept.

    Gradients of each backward are taken twice, once to look at; weights come out as they would have without looking.
    """
    parameters = named_parameters(made)
    room = NUMBERS // max(1, 4 * elements(made.model))
    most = max(3, min(steps, room))
    longest = max(most, min(LONGEST, room))
    seen: list[SeenStep] = []
    updates = 0
    error: Exception | None = None
    with ExitStack() as stack:
        notes = Notes()
        loss_fn = stack.enter_context(listening(made, parameters, lambda: notes))
        try:
            for epoch, batch in batches(program, made, LONGEST):
                notes = Notes()
                before, random, given = state(made.model), random_state(), apart(batch)
                returned = train_step(program, made, batch, loss_fn=loss_fn)
                seen.append(
                    SeenStep(
                        epoch=epoch,
                        batch=given,
                        random=random,
                        before=before,
                        calls=tuple(notes.calls),
                        losses=tuple(notes.losses),
                        backwards=tuple(notes.backwards),
                        updates=tuple(notes.updates),
                        order=tuple(notes.order),
                        returned=value_of(returned),
                    )
                )
                updates += bool(notes.updates)
                enough = min(longest, LONGEST if updates else FIRST)
                waited = updates >= UPDATES or not (made.optimizers and notes.backwards) or len(seen) >= enough
                if len(seen) >= most and waited:
                    break
        except Exception as raised:  # noqa: BLE001 - whatever a person's code raises is what was seen
            error = raised
    return Recording(
        steps=tuple(seen),
        names=tuple(name for name, _ in made.model.named_parameters()),
        trainable=frozenset(name for name, p in made.model.named_parameters() if p.requires_grad),
        held=tuple(name for group in _groups(made, parameters) for name in group["names"]),
        shapes={name: tuple(parameter.shape) for name, parameter in parameters.items()},
        after=state(made.model),
        error=error,
    )


def state(model: nn.Module) -> dict[str, Tensor]:
    """Copies of all parameters and buffers, those that no file keeps included."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor.detach().clone() for name, tensor in named}


def optimizer_groups(made: Made) -> tuple[Mapping[str, Any], ...]:
    """Settings of each parameter group of all optimizers, with the names of what it holds."""
    return tuple(_groups(made, named_parameters(made)))


def _groups(made: Made, parameters: Mapping[str, Tensor]) -> list[dict[str, Any]]:
    return [group for optimizer in made.optimizers for group in settings(optimizer, parameters)]
