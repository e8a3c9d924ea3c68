"""What carries a comparison, in sentences: groups, what could have been shown at all, effort, dominance over seeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kilter.report.wording import TRAINED, counted, fixed, shown, time
from kilter.values.comparison import Comparison, Detectable, Dominance, Effort

HALF: Final = 0.5  # of violation; below it one side dominates


def design_lines(comparison: Comparison) -> tuple[str, ...]:
    """Sentences on how a comparison was made and what it could have shown, those that there is something to say of."""
    return tuple(_lines(comparison))


def consulted_line(consulted: Mapping[str, int]) -> str:
    """How often held-out rows were looked at so far, as a sentence; empty where nobody counted.

    >>> consulted_line({"valid": 12, "test": 1})
    'Held-out rows were consulted so far: valid 12 times, test once.'
    """
    times = [f"{split} {'once' if count == 1 else f'{count:,} times'}" for split, count in consulted.items() if count]
    return f"Held-out rows were consulted so far: {', '.join(times)}." if times else ""


def could_show(detectable: Detectable, *, in_points: bool) -> str:
    """What so many examples can show, as a phrase after them.

    >>> could_show(Detectable(difference=0.0391, n=540), in_points=True)
    'can show differences in accuracy of 3.9 points or more (at a level of 5 %, in 80 % of cases)'
    >>> could_show(Detectable(difference=None, n=5), in_points=True)
    'can show no difference, however large'

    Args:
        detectable: what it is.
        in_points: whether the difference is a share, such as of right answers; else it is said in standard deviations.
    """
    if detectable.difference is None:
        return "can show no difference, however large"
    how = f"at a level of {_percent(detectable.level)}, in {_percent(detectable.power)} of cases"
    if in_points:
        assumed = f", if {detectable.assumed}" if detectable.assumed else ""
        return f"can show differences in accuracy of {at_least(detectable, in_points=True)} ({how}{assumed})"
    return (
        f"can show differences of {at_least(detectable, in_points=False)} of what two models differ by from row to row"
        f" ({how})"
    )


def over_seeds(detectable: Detectable, *, in_points: bool) -> str:
    """What several trainings a side can show of two ways of training, as a phrase after them.

    >>> over_seeds(Detectable(difference=0.0421, n=540, seeds=5, assumed="..."), in_points=True).split(" (")[0]
    'a true difference in accuracy between two ways of training of 4.2 points or more is established'

    Args:
        detectable: what it is.
        in_points: as in `could_show`.
    """
    if detectable.difference is None:
        return "no difference between two ways of training is established, however large"
    how = f"at a level of {_percent(detectable.level)}, in {_percent(detectable.power)} of cases"
    joined, unit = ("if", "in accuracy ") if in_points else ("where", "")
    size = at_least(detectable, in_points=in_points)
    return (
        f"a true difference {unit}between two ways of training of {size} is established"
        f" ({how}, {joined} {detectable.assumed})"
    )


def at_least(detectable: Detectable, *, in_points: bool) -> str:
    """The smallest difference that can be shown, as a quantity.

    >>> at_least(Detectable(difference=0.0391, n=540), in_points=True)
    '3.9 points or more'
    """
    if detectable.difference is None:
        return "none, however large"
    size = (
        f"{100 * detectable.difference:.1f} points" if in_points else f"{detectable.difference:.2g} standard deviations"
    )
    return f"{size} or more"


def effort_said(effort: Effort) -> str:
    """What was spent, in short.

    >>> effort_said(Effort(trials=3, steps=1200, seconds=8.0)), effort_said(Effort(trials=0, seconds=0.001))
    ('3 settings, 1,200 steps, 8.0 s', 'no settings to try, 1 ms')
    """
    tried = counted(effort.trials, "setting") if effort.trials else "no settings to try"
    steps = "" if effort.steps is None else counted(effort.steps, "step")
    return ", ".join(filter(None, (tried, steps, "" if effort.seconds is None else time(effort.seconds))))


def _lines(comparison: Comparison) -> Iterator[str]:
    if comparison.clusters is not None:
        yield (
            f"Examples of one group depend on each other, so that for the difference the {comparison.clusters:,} groups"
            " were resampled and swapped as wholes; intervals of single scores take examples for independent, and may"
            " be too narrow."
        )
    if comparison.detectable is not None:
        yield _detectable(comparison.detectable, comparison)
    efforts = [(comparison.left, comparison.left_effort), (comparison.right, comparison.right_effort)]
    told = [f"{_called(name)} with {effort_said(effort)}" for name, effort in efforts if effort is not None]
    if told:
        yield f"Effort: {'; '.join(told)}."
    if comparison.dominance is not None:
        yield _dominance(comparison.dominance, comparison)


def _detectable(detectable: Detectable, comparison: Comparison) -> str:
    unit = "group" if comparison.clusters is not None else "example"
    many = counted(detectable.n, unit)
    if detectable.seeds > 1:
        many += f" and {detectable.seeds} trainings a side"
    if detectable.difference is None:
        return f"With {many} no difference could have been established, however large."
    assumed = f", if {detectable.assumed}" if detectable.assumed else ""
    together = comparison.adjusted_p_value is not None and comparison.compared > 1
    corrected = f", after correction for {comparison.compared} comparisons" if together else ""
    return (
        f"With {many} a true difference of {fixed(detectable.difference)} or more in {comparison.difference.name} is"
        f" established in {_percent(detectable.power)} of cases{corrected}{assumed}."
    )


def _dominance(dominance: Dominance, comparison: Comparison) -> str:
    seeds = f"{dominance.left_seeds} and {dominance.right_seeds} seeds"
    figures = f"violation {fixed(dominance.ratio)}, at most {fixed(dominance.bound)} ± {fixed(dominance.spread)}"
    left = _called(comparison.left)
    if dominance.bound < HALF:
        return (
            f"Over {seeds} {left} is almost stochastically dominant: {figures}, below one half. {_of_equals(dominance)}"
        )
    return f"Over {seeds} no dominance of {left} is established: {figures}, not below one half."


def _of_equals(dominance: Dominance) -> str:
    """How often equal ways of training look so.

    Of n scores a side, sorted, the left one wins each pair of equal ways with probability 1 / (n + 1): the ballot
    theorem (Feller 1968, An Introduction to Probability Theory, section III.1).
    """
    if dominance.ratio == 0 and dominance.left_seeds == dominance.right_seeds:
        return f"Of equal ways of training 1 in {dominance.left_seeds + 1} looks as clear as that: the test decides."
    return "With few seeds that is often so of equal ways of training, too: the test decides."


def _called(model: str) -> str:
    """A model as sentences call it."""
    return "the network" if model == TRAINED else shown(model)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
