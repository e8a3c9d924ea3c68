"""How good a training came out: against chance, against cheap learners, against another training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, final

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.batches.relations import pairs, relations
from kilter.checks.program.fitting.short_runs import recorded_run
from kilter.checks.program.trials import AS_IT_IS, Change, Trial
from kilter.values.program import Kind

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench

LOPSIDED: Final = 0.8
"""Share of the largest class above which accuracy says little of what was learnt."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is to be reached, as skill: 0 for a constant answer, 1 for perfection.

    Attributes:
        train: of a cheap learner on training rows it was not taught.
        valid: of one that was taught on training, on validation.
        constant: share of the largest class; 0 for amounts.
    """

    train: float
    valid: float
    constant: float

    def skill(self, quality: float) -> float:
        """A quality as skill."""
        return (quality - self.constant) / (1 - self.constant)


def reach(bench: Bench) -> Reach | None:
    """What cheap learners reach; None where they cannot be compared with the program."""
    return bench.once(("reach",), lambda: _reach(bench))


def _reach(bench: Bench) -> Reach | None:
    if bench.program.task not in (Kind.CLASSIFICATION, Kind.REGRESSION):
        return None
    both, related = pairs(bench), relations(bench)
    if both is None or related is None:
        return None
    constant = float(both.train_targets.mean(0).max()) if both.classes else 0.0
    if constant > LOPSIDED or both.classes != (bench.program.task is Kind.CLASSIFICATION):
        return None
    return Reach(train=related.train, valid=related.forth, constant=constant)


def margin(rows: int) -> float:
    """By how much two qualities on so many rows may differ by chance: two standard errors, and a floor."""
    return 0.05 + 0.5 / math.sqrt(max(1, rows))


def attempt(bench: Bench, change: Change = AS_IT_IS, *, share: float = 1.0) -> Trial | None:
    """A trial; None where the person's code broke on the way, which a changed training may well do to it."""
    try:
        return bench.trial(change, share=share)
    except PersonsCodeFailed:
        return None


def fall(bench: Bench, loss: float) -> float:
    """How far a loss is below that of the start, as a share of it; minus infinity where it is no number."""
    recorded = recorded_run(bench)
    start = recorded.start if recorded is not None else math.nan
    return (start - loss) / max(abs(start), 1e-12) if math.isfinite(start) and math.isfinite(loss) else -math.inf


def learns_far_better(bench: Bench, other: Trial | None, base: Trial) -> bool:
    """Whether another training is better than the program's own beyond chance, on training and on validation."""
    if other is None or not other.finite:
        return False
    beyond = margin(base.rows) if base.rows else 0.1
    if other.train is not None and base.train is not None:
        on_train = other.train > base.train + max(0.1, beyond)
        on_valid = other.valid is None or base.valid is None or other.valid > base.valid + beyond
        return on_train and on_valid
    on_train = fall(bench, other.train_loss) > max(fall(bench, base.train_loss), 0.0) + 0.25
    on_valid = not math.isfinite(other.valid_loss) or not other.valid_loss > base.valid_loss
    return on_train and on_valid


def learns_badly(bench: Bench, base: Trial) -> bool:
    """Whether the program's own training stays far behind what is known to be reachable.

    On the rows it was taught it is worse than a cheap learner on rows that one was not taught; or, where there is no
    such learner, its loss is hardly lower than at the start.
    """
    target = reach(bench)
    if target is not None and learns_as_reported(bench, base, target):
        return False
    if target is not None and base.train is not None:
        behind = target.skill(base.train) < target.train - margin(max(base.rows, 100))
        return behind or not base.finite
    return not base.finite or fall(bench, base.train_loss) < 0.25  # a quarter, as in the quick checks


def learns_as_reported(bench: Bench, base: Trial, target: Reach) -> bool:
    """Whether the author's metric, or the loss, says that it learns, whatever our own quality says of its answers."""
    return _reported_well(bench, base, target) or _in_other_units(bench, base)


def _reported_well(bench: Bench, base: Trial, target: Reach) -> bool:
    """Whether the author's own metric, as a share, is no worse than cheap learners; a step may mix rows and targets."""
    metric = base.reported[-1][1] if base.reported else math.nan
    share = bench.program.higher_is_better and 0 <= metric <= 1
    return share and target.skill(metric) >= target.valid - margin(max(base.rows, 100))


def _in_other_units(bench: Bench, base: Trial) -> bool:
    """Whether the loss fell by a quarter while amounts explain nothing: outputs are logarithms, or parts of a law."""
    nothing = base.train is not None and base.train <= 0
    return bench.program.task is Kind.REGRESSION and nothing and fall(bench, base.train_loss) > 0.25


def still_falling(base: Trial, steep: float = 0.05) -> bool:
    """Whether the last third of the steps brought the loss down by so much of its start; always after a few steps."""
    losses = base.losses
    third = len(losses) // 3
    if not losses or not all(map(math.isfinite, losses)):
        return False
    if third < 2:  # no means of less
        return True
    before, after = losses[third : 2 * third], losses[2 * third :]
    return sum(before) / len(before) - sum(after) / len(after) > steep * abs(losses[0])
