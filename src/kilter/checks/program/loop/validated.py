"""The author's validation, listened to before and after some steps of one instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from kilter.checks.persons_code import persons_code
from kilter.checks.program.bench import Bench
from kilter.engine.listening import Notes, listening, named_parameters
from kilter.engine.programs import Made, batches, train_step
from kilter.engine.recording import state
from kilter.engine.seeding import seed_everything
from kilter.values.recording import Call

if TYPE_CHECKING:
    from torch import Tensor

STEPS: Final = 4
"""Batches between the two validations, at least."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """A validation, some steps and the end of an epoch, and a validation.

    Attributes:
        made: the instance, as it was after all that.
        states: parameters and buffers: as made, after the first validation, before the second one, at the end.
        calls: of the model, in each validation.
        results: loss and score of each.
    """

    made: Made
    states: tuple[dict[str, Tensor], ...]
    calls: tuple[tuple[Call, ...], ...]
    results: tuple[tuple[float, float], ...]


def validated(bench: Bench) -> Validated | None:
    """Both validations; None where the program has none."""
    return bench.once(("validated",), lambda: _validated(bench))


def _validated(bench: Bench) -> Validated | None:
    program, made = bench.program, bench.made()
    if program.validate is None or made.valid is None:
        return None
    states: list[dict[str, Tensor]] = []
    calls: list[tuple[Call, ...]] = []
    results: list[tuple[float, float]] = []
    for again in (False, True):
        if again:
            _steps(bench, made)
        states.append(state(made.model))
        seed_everything(bench.seed)
        notes = Notes()
        results.append(_result(bench, made, notes))
        calls.append(tuple(notes.calls))
        states.append(state(made.model))
    return Validated(made=made, states=tuple(states), calls=tuple(calls), results=tuple(results))


def _result(bench: Bench, made: Made, notes: Notes) -> tuple[float, float]:
    validate: Any = bench.program.validate
    with listening(made, named_parameters(made), lambda: notes) as loss_fn, persons_code("Validating"):
        loss, score = validate(made.model, loss_fn, made.valid)
        return float(loss), float(score)


def _steps(bench: Bench, made: Made) -> None:
    window = len(bench.recording.steps) // max(1, len(bench.recording.updates))
    with persons_code("A training step"):
        for _, batch in batches(bench.program, made, max(STEPS, 2 * window)):
            train_step(bench.program, made, batch)
    if bench.program.epoch_end is not None:
        with persons_code("The end of an epoch"):
            bench.program.epoch_end(made.model, made.optimizer, 0)
