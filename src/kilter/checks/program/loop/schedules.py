"""The learning rate over the planned run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.program.bench import Bench
from kilter.checks.program.loop.trajectory import Trajectory, follow
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import percent
from kilter.values.finding import Finding, Severity, Skipped, Strength


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules(ProgramProbe):
    """The schedule of the learning rate fits the run.

    **What it proves.** A schedule meant for epochs is stepped for each batch and is over in a moment, or the other way
    round and never gets going; its length is not the run's; the warm-up takes longer than the training; the rate is
    gone long before the end.

    **How.** Calls of schedulers are counted in some steps and at the end of an epoch. They are then stepped so often
    for the whole run, without training, and in the other two ways, once a batch and once an epoch; the rates say it.
    The work of a run is the mean rate as a share of the highest.

    **When it stays silent.** Warm-up that ends in the first part of the run, decay to zero over it, cycles and
    restarts; schedules that wait for a score to stand still; runs of unknown length.

    **What it costs.** Nothing without a scheduler of torch; else some makes and steps, and the schedule's arithmetic.
    """

    code: ClassVar[str] = "L118"
    name: ClassVar[str] = "schedules"
    least: float = 0.15  # work of a run: cosine and linear decay do half, steps by a tenth in thirds a third
    enough: float = 0.2  # work in the other way of stepping, which then is the one that was meant
    gone: float = 0.01  # of the highest rate: two steps by a tenth
    idle: float = 0.4  # of the run with a rate that is gone
    rising: float = 0.7  # of the run: a warm-up takes a tenth, one cycle a third

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        way = follow(bench)
        if way is None:
            yield Skipped(
                name=self.name, reason="no scheduler of torch was seen, or its steps or the run's length are not known"
            )
            return
        total = way.epochs * way.batches
        if way.error is not None:
            yield from self._ended(way, total)
            return
        if max(way.rates, default=0.0) <= 0 and max(way.longer, default=0.0) <= 0:
            yield self._finding(
                "The learning rate is zero over the whole run.", ("schedule_length_mismatch", "lr_too_low"), way
            )
            return
        yield from self._judged(way, total)

    def _judged(self, way: Trajectory, total: int) -> Iterator[Finding]:
        peak, highest = max(way.rates), max(*way.longer, *way.rates)
        per_batch, per_epoch = way.calls > 0, way.calls == 0 and way.ends > 0
        if highest > 2 * peak or (highest > 1.1 * peak and _top(way.rates) > self.rising):
            yield self._too_slow(way, peak, highest, per_epoch=per_epoch)
            return
        work = _work(way.rates)
        over = sum(rate < self.gone * peak for rate in way.rates) / len(way.rates)
        if way.batches > 1 and per_batch and (work < self.least or self._meant_for_epochs(way)):
            other = _work(way.each_epoch)
            lasts = sum(rate >= self.gone * peak for rate in way.rates)
            one_epoch = abs(lasts - way.batches) <= 0.2 * way.batches  # its length is that of an epoch, in batches
            if not one_epoch and (other >= self.enough or self._meant_for_epochs(way)):
                yield self._finding(
                    f"The schedule is stepped for each batch: {percent(over)} of the run has less than {self.gone:.0%}"
                    f" of the highest rate, and its work is {percent(work)}; stepped for each epoch it would be"
                    f" {percent(other)}.",
                    ("scheduler_per_batch", "lr_decayed_too_early", "schedule_length_mismatch"),
                    way,
                )
                return
        if over >= self.idle:
            flat = way.horizon is not None or min(way.rates) == 0
            causes = ("schedule_length_mismatch", "lr_decayed_too_early")
            yield self._finding(
                f"{percent(over)} of the run has less than {self.gone:.0%} of the highest rate.",
                causes if flat else (causes[1], causes[0]),
                way,
            )
            return
        if way.batches > 1 and per_epoch and way.horizon is not None and way.horizon >= 3 * way.epochs:
            planned = any(abs(way.horizon - count) <= 0.1 * count for count in (total, total / 2))
            if planned or way.horizon >= total:
                yield self._finding(
                    f"The schedule is made for {way.horizon:,} steps and is stepped {way.epochs:,} times, once for an"
                    f" epoch: the rate ends at {percent(way.rates[-1] / peak)} of its highest.",
                    ("scheduler_per_epoch", "schedule_length_mismatch"),
                    way,
                )

    def _too_slow(self, way: Trajectory, peak: float, highest: float, *, per_epoch: bool) -> Finding:
        """The rate is still on its way up when the run ends."""
        meant = per_epoch and way.batches > 1 and max(way.each_batch) >= max(0.5 * highest, 1.5 * peak)
        if not way.calls and not way.ends:
            what, causes = "no scheduler is ever stepped", ("scheduler_per_epoch", "warmup_longer_than_run")
        elif meant:
            what = f"the schedule is stepped once an epoch, {way.epochs} times in all"
            causes = ("scheduler_per_epoch", "warmup_longer_than_run")
        else:
            what, causes = "the run ends within the warm-up", ("warmup_longer_than_run", "schedule_length_mismatch")
        return self._finding(
            f"The highest rate of the run is {percent(peak / highest)} of what the schedule would come to: {what}.",
            causes,
            way,
        )

    def _ended(self, way: Trajectory, total: int) -> Iterator[Finding]:
        said, calls = way.error or ("", 0)
        meant = way.batches > 1 and way.calls > 0 and way.horizon is not None and way.horizon <= 2 * way.epochs
        yield self._finding(
            f"The schedule raises an error after {calls:,} calls, at batch {len(way.rates):,} of {total:,}: {said}.",
            ("scheduler_per_batch", "schedule_length_mismatch") if meant else ("schedule_length_mismatch",),
            way,
            severity=Severity.FAILURE,
        )

    def _meant_for_epochs(self, way: Trajectory) -> bool:
        """Whether the schedule was told the number of epochs as its length, and is stepped more than that."""
        return way.horizon == way.epochs and way.batches * way.calls >= 3

    def _finding(
        self, seen: str, causes: tuple[str, ...], way: Trajectory, *, severity: Severity = Severity.WARNING
    ) -> Finding:
        advice = {
            "scheduler_per_batch": "Step the scheduler once an epoch, or give it its length in batches.",
            "scheduler_per_epoch": "Step the scheduler for each update, or give it its length in epochs.",
            "schedule_length_mismatch": "Give the schedule the number of its steps in the run: epochs times updates.",
            "lr_decayed_too_early": "Let the rate decay more slowly, or later in the run.",
            "warmup_longer_than_run": "Shorten the warm-up to some hundredths of the run.",
        }
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.MEASURED,
            seen=seen,
            advice=advice[causes[0]],
            causes=causes,
            evidence={
                "calls a batch": way.calls,
                "calls an epoch's end": way.ends,
                "first": way.rates[0] if way.rates else 0.0,
                "highest": max(way.rates, default=0.0),
                "last": way.rates[-1] if way.rates else 0.0,
                "batches": len(way.rates),
                "work": _work(way.rates),
            },
        )


def _work(rates: Sequence[float]) -> float:
    """The mean rate as a share of the highest."""
    peak = max(rates, default=0.0)
    return sum(rates) / len(rates) / peak if peak > 0 else 0.0


def _top(rates: Sequence[float]) -> float:
    """At which share of the run the highest rate is first reached."""
    return (list(rates).index(max(rates)) + 1) / len(rates)
