"""Steps wait for their batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.values.curve_names import TOTAL, WAITING
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InputBound(Check[History]):
    """Much of a training's time goes by while it waits for batches.

    **What it proves.** The processor or the GPU stands idle for that share of the time: batches are read, decoded or
    varied more slowly than steps are made.

    **How.** The seconds spent waiting, as training recorded them, are `share` or more of all seconds.

    **When it stays silent.** Waits of less than `slow` a step, which handing batches over between processes would not
    shorten; trainings that have waited less than `least` in all; logs that do not say how long batches took. It is
    always a note: what is learnt is not at stake.

    **What it costs.** Nothing: two numbers.
    """

    code: ClassVar[str] = "C135"
    name: ClassVar[str] = "input-bound"
    share: float = 0.3  # of the time
    slow: float = 0.002  # seconds a step
    least: float = 5.0  # seconds in all

    def examine(self, subject: History) -> Iterator[Finding | Skipped]:
        waiting, total = subject.last(WAITING), subject.last(TOTAL)
        if waiting is None or not total:
            yield Skipped(name=self.name, reason="how long batches were waited for was not recorded")
            return
        each = waiting / max(1, subject.step)
        if waiting < self.share * total or each < self.slow or waiting < self.least:
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.NOTE,
            strength=Strength.MEASURED,
            seen=f"Of {total:.0f} s, {waiting:.0f} s ({100 * waiting / total:.0f} %) went by waiting for batches,"
            f" {1000 * each:.3g} ms a step.",
            advice="Have batches prepared beside the steps (`batch.workers`, one more than there are now, up to the"
            " number of processor cores), or prepare once what is the same each time, before training.",
            causes=("input_bound",),
            experiment="Train for an epoch with `batch.workers` raised: the share falls if preparing batches can be"
            " spread over processes, and stays if a disk or a network is what is slow.",
            where=(f"step {subject.step}",),
            evidence={"waiting": waiting, "seconds": total, "share": waiting / total, "seconds a step": each},
        )
