"""Does k + k make 2k? What of a training that was killed and went on differs from the one that nothing happened to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from kilter.training.events import Event, Stop
from kilter.training.hooks import default_hooks
from kilter.training.itinerary import ENDLESS
from kilter.values.errors import UsageError
from kilter.values.finding import Finding, Severity, Strength, in_order
from kilter.values.words import a_few

if TYPE_CHECKING:
    from kilter.training.events import Hook
    from kilter.training.itinerary import Itinerary
    from kilter.training.witness import Deposition
    from kilter.values.history import History
    from kilter.values.recipe import Recipe

USUAL: Final = 20
"""Steps before the kill, and as many after it, where an epoch has more."""


def half_of(itinerary: Itinerary, asked: int | None) -> int:
    """k: as asked, or 20 steps, or three quarters of a short epoch, so that 2k end in the next one.

    Raises:
        UsageError: the run has fewer than 2k steps.
    """
    if asked is not None and not 1 <= asked <= itinerary.total // 2:
        raise UsageError(
            f"steps={asked}",
            legal=f"1 up to {itinerary.total // 2:,}, half of the run",
            remedy="leave it out, or lengthen train.length",
        )
    if itinerary.total < 2:
        raise UsageError("a run of 1 step", legal="2 steps or more can be parted", remedy="lengthen train.length")
    usual = min(USUAL, max(2, round(0.75 * itinerary.steps_per_epoch)))
    return asked or max(1, min(usual, itinerary.total // 2 if itinerary.total < ENDLESS else usual))


def rehearsed(recipe: Recipe, steps: int) -> Recipe:
    """The recipe, evaluated in both halves, saved after k steps, never stopped early; its length and rates stay."""
    settings = recipe.model_dump(mode="json")
    settings["train"]["evaluate_every"] = f"{max(1, steps // 2)}st"
    settings["save"] = {"every": f"{steps}st", "keep": "all"}
    settings["stop"] |= {"patience": None, "threshold": None, "divergence": None, "hopeless": False}
    return type(recipe).read(settings)


def until(recipe: Recipe, step: int) -> tuple[Hook, ...]:
    """The hooks of a training that ends after so many steps, whatever its length."""

    def end(_event: Event, history: History) -> Stop | None:
        return Stop(f"{step} steps were asked for") if history.step >= step else None

    return (*default_hooks(recipe), end)


def compare(whole: Deposition, killed: Deposition, resumed: Deposition, steps: int) -> tuple[Finding, ...]:
    """What differs, the root alone: what is not repeatable cannot be resumed, and other data make other weights."""
    first = _first(whole.losses, killed.losses, up_to=steps) or _first(whole.given, killed.given, up_to=steps)
    if first is not None:
        return (_not_repeatable(whole, killed, first),)
    return in_order(_of_the_second_half(whole, resumed, steps))


def _of_the_second_half(whole: Deposition, resumed: Deposition, steps: int) -> Iterator[Finding]:
    lost = {part: _differing(names, resumed.before.get(part, {})) for part, names in whole.before.items()}
    changed = {part: _differing(names, resumed.after.get(part, {})) for part, names in whole.after.items()}
    harmed = (
        any(names for part, names in changed.items() if part != "modules")
        or _first(whole.losses, resumed.losses) is not None
    )
    given = _first(whole.given, resumed.given)
    if given is not None:
        yield _other_data(whole, resumed, given)
    if lost.get("modules"):
        yield _hidden_state(lost["modules"], harmed=harmed and given is None)
    left = {part: names for part, names in lost.items() if names and part != "modules"}
    if left and (given is None or left.keys() - {"random state"}):
        yield _left_behind(left, steps)
    elif harmed and given is None and not lost.get("modules"):
        yield _unknown(whole, resumed, changed.get("weights", ()))


def _not_repeatable(whole: Deposition, other: Deposition, step: int) -> Finding:
    same = whole.given.get(step) == other.given.get(step)
    what = "from the same batches" if same else "from other batches"
    return Finding(
        code="T101",
        name="not-repeatable",
        severity=Severity.FAILURE,
        strength=Strength.PROVED,
        seen=f"Two trainings of the same seed, in processes of their own, differ at step {step}, {what}.",
        advice="Draw from generators that are seeded by (seed, epoch, row), and go through no set of strings in order."
        if not same
        else "Look for what draws without a seed, reads the clock or counts on the order of a set.",
        where=(f"step {step}",),
        causes=("nondeterministic_op", "rng_not_seeded") if same else ("rng_not_seeded",),
        evidence={"step": step, "same batches": same},
    )


def _other_data(whole: Deposition, resumed: Deposition, step: int) -> Finding:
    same = whole.ids.get(step) == resumed.ids.get(step)
    if same:
        seen = f"After going on, step {step} gets the same rows, but their inputs or targets are others."
        advice = (
            "Make what varies a row a function of (seed, epoch, row), not of a generator that goes on from row to row."
        )
    else:
        seen = f"After going on, step {step} gets other rows."
        advice = "Make the plan of an epoch a function of (seed, epoch), not of what was drawn before."
    return Finding(
        code="T102",
        name="other-data-after-resuming",
        severity=Severity.FAILURE,
        strength=Strength.PROVED,
        seen=seen,
        advice=advice,
        where=(f"step {step}",),
        causes=("rng_not_seeded",) if same else ("data_order_not_resumed",),
        evidence={"step": step, "same rows": same},
    )


def _hidden_state(names: tuple[str, ...], *, harmed: bool) -> Finding:
    kept = "What this model keeps outside its state_dict is not saved, and is another after going on"
    return Finding(
        code="T103",
        name="state-outside-state-dict",
        severity=Severity.FAILURE if harmed else Severity.NOTE,
        strength=Strength.PROVED if harmed else Strength.MEASURED,
        seen=f"{kept}: {a_few(names)}{'' if harmed else '; nothing else differs'}.",
        advice="Register it as a buffer, or give it out in get_extra_state and take it back in set_extra_state.",
        where=names,
        evidence={"decides": harmed},
    )


def _left_behind(lost: Mapping[str, tuple[str, ...]], steps: int) -> Finding:
    said = "; ".join(f"{part} ({a_few(names)})" for part, names in lost.items())
    return Finding(
        code="T104",
        name="state-not-restored",
        severity=Severity.FAILURE,
        strength=Strength.PROVED,
        seen=f"What was saved after step {steps} does not come back as it was: {said}.",
        advice="See that state_dict and load_state_dict of model and optimizer give and take all of it.",
        where=tuple(name for names in lost.values() for name in names),
        evidence={part: len(names) for part, names in lost.items()},
    )


def _unknown(whole: Deposition, resumed: Deposition, weights: tuple[str, ...]) -> Finding:
    step = _first(whole.losses, resumed.losses)
    where = f"from step {step} on" if step is not None else "in the end"
    named = f": {a_few(weights)}" if weights else ""
    return Finding(
        code="T105",
        name="differs-after-resuming",
        severity=Severity.FAILURE,
        strength=Strength.PROVED,
        seen=f"The training that went on differs {where}{named}; it began with the same data, weights, optimizer state "
        "and random state.",
        advice="Look for what forward or loss keeps in a global or a closure, and the optimizer beside its state.",
        where=weights,
        evidence={"step": step},
    )


def _first(one: Mapping[int, str], other: Mapping[int, str], *, up_to: int | None = None) -> int | None:
    """The first step of both that differs."""
    both = sorted(step for step in one.keys() & other.keys() if up_to is None or step <= up_to)
    return next((step for step in both if one[step] != other[step]), None)


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in {**one, **other} if one.get(name) != other.get(name))
