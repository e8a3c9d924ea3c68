"""A setting of an optimizer that decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Final, final

import torch

from kilter.checks.persons_code import PersonsCodeFailed, persons_code
from kilter.checks.program.bench import Bench
from kilter.checks.program.fitting.changes import with_setting
from kilter.checks.program.fitting.settings import groups_of, number
from kilter.checks.program.mechanisms import MECHANISMS
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.program.trials import AS_IT_IS, Change, updating
from kilter.checks.wording import listed
from kilter.engine.programs import batches, train_step
from kilter.engine.recording import state
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from torch import Tensor

NOTES: Final = ("names", "params", "lr", "initial_", "max_", "min_", "base_", "swa_")
"""Beginnings of what schedulers write into groups for themselves."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InertSetting(ProgramProbe):
    """A setting that was chosen changes no bit of any weight when it is another one.

    **What it proves.** It decides nothing: the optimizer does not read it, or something overwrites it. Two runs that
    differ in it alone are equal bit by bit.

    **How.** Momentum and weight decay that are not zero, and settings with a name like one that the optimizer knows:
    `steps` steps without momentum, or with the other settings a thousand times as large (a usual one may well be lost
    in rounding at a small rate), from the same seed on the same batches.

    **When it stays silent.** No such setting, the weights differ, nothing moved at all, or two runs that are the same
    already differ.

    **What it costs.** Nothing without such a setting, else so many steps for each; runs end as soon as they differ.
    """

    code: ClassVar[str] = "H106"
    name: ClassVar[str] = "inert-setting"
    steps: int = 3  # momentum shows from the second update on

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        wanted = _chosen(bench)
        if not wanted:
            return
        steps = self.steps * max(1, len(bench.recording.steps) // max(1, len(bench.recording.updates)))
        before = self._weights(bench, AS_IT_IS, 0)
        own = self._weights(bench, AS_IT_IS, steps)
        if before is None or own is None or _same(before, own):
            yield Skipped(name=self.name, reason="nothing moves in the first steps")
            return
        inert = []
        for name, value in wanted.items():
            other = self._weights(
                bench, with_setting(name, 0.0 if name == "momentum" else max(10.0, 1000 * value)), steps
            )
            if other is not None and _same(own, other):
                inert.append(name)
        if not inert or not _same(own, self._weights(bench, AS_IT_IS, steps) or {}):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.PROVED,
            seen=f"The optimizer's {listed(inert)} changes no bit of any weight in {steps} steps.",
            advice="See what reads this setting, and pass it to that; or leave it out.",
            causes=("inert_hyperparameter",),
            where=tuple(inert),
            evidence={name: wanted[name] for name in inert},
            follows=MECHANISMS,
        )

    def _weights(self, bench: Bench, change: Change, steps: int) -> dict[str, Tensor] | None:
        with suppress(PersonsCodeFailed):
            made = bench.made()
            if change.prepare is not None:
                change.prepare(made)
            with persons_code("Training with another setting"), updating(made, change):
                for _, batch in batches(bench.program, made, steps):
                    train_step(bench.program, made, batch)
            return state(made.model)
        return None


def _chosen(bench: Bench) -> dict[str, float]:
    """Settings that somebody chose and that may decide nothing, with their values.

    Of settings that the optimizer does not know only those that look like one that it does: schedulers and people keep
    notes of their own in the groups.
    """
    known = {name for optimizer in bench.made().optimizers for name in optimizer.defaults}
    found: dict[str, float] = {}
    for group in groups_of(bench):
        for name in group:
            value = _value(group, name)
            misspelt = name not in known and not name.startswith(NOTES) and get_close_matches(name, known, cutoff=0.75)
            if value and (name in ("weight_decay", "momentum") or misspelt):
                found[name] = value
    return found


def _value(group: Mapping[str, object], name: str) -> float:
    return number(group[name])


def _same(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)
