"""Section of a document: what a training took, and where its time went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from kilter.report.wording import number, percent, shown, time
from kilter.values.cost import Cost, longer_intervals
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.duration import Duration

_PREFIXES: Final = ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_MEBI: Final = 2.0**20
INTERVALS: Final = ("train.evaluate_every", "save.every")
WORTH_SAYING: Final = 0.1
"""Share of the time from which a summary tells where it went."""


def cost_section(cost: Cost, recipe: Mapping[str, object]) -> Iterator[Block]:
    """The account as a table, and longer intervals where evaluating and saving took much.

    Args:
        cost: the account.
        recipe: sections of the recipe by name, for the intervals as they were.
    """
    trained = "" if cost.trained == cost.parameters else f", {cost.trained:,} of them trained"
    facts = {
        "parameters": f"{cost.parameters:,}{trained}",
        "a step": _flops(cost),
        "examples": _rated(cost.examples, cost.examples_per_second),
        "tokens": _rated(cost.tokens, cost.tokens_per_second) if cost.tokens else "",
        "speed": "" if cost.flops_per_second is None else f"{operations(cost.flops_per_second)} a second",
        "peak memory": "" if cost.memory is None else f"{cost.memory / _MEBI:,.0f} MiB",
        "time": time(cost.seconds),
    }
    facts |= {doing: f"{percent(seconds, cost.seconds)} of it" for doing, seconds in _parts(cost) if seconds}
    yield Heading(text="Cost", anchor="cost")
    yield Grid(
        columns=("what", "how much"),
        rows=tuple((what, much) for what, much in facts.items() if much),
        caption="What training took, over all its sittings. Rates are those of the time that went into steps and the "
        "wait for their batches; operations those of matrix products, convolutions and attention, forward and back.",
    )

    advice = intervals_line(cost, recipe)
    if advice:
        yield Paragraph(text=f"{advice}.")


def intervals_line(cost: Cost, recipe: Mapping[str, object]) -> str:
    """Longer intervals of evaluating and saving, in a sentence; empty where those that there were cost little."""
    try:
        every = [Duration.read(str(_setting(recipe, *path.split(".")))) for path in INTERVALS]
    except ValueError:  # another kilter wrote them in another way
        return ""
    longer = longer_intervals(cost, evaluate_every=every[0], save_every=every[1])
    said = " and ".join(f"{path} = {interval}" for path, interval in longer.items())
    return f"With {said}, evaluating and saving would take about a tenth of the time" if said else ""


def _setting(recipe: Mapping[str, object], section: str, key: str) -> object:
    settings = recipe.get(section)
    return settings.get(key) if isinstance(settings, Mapping) else None


def cost_line(cost: Cost) -> str:
    """The account in a few words: the rate, and what took a tenth of the time or more beside the steps."""
    rate = cost.examples_per_second
    said = [] if rate is None else [f"{number(float(f'{rate:.3g}'))} examples a second"]
    said += [
        f"{percent(seconds, cost.seconds)} of the time {doing}"
        for doing, seconds in _parts(cost)
        if cost.share(seconds) >= WORTH_SAYING
    ]
    return ", ".join(said)


def operations(flops: float) -> str:
    """Floating-point operations in the unit that suits them.

    >>> operations(9280), operations(2.5e12), operations(12)
    ('9.28 kFLOP', '2.5 TFLOP', '12 FLOP')
    """
    for size, prefix in _PREFIXES:
        if flops >= size:
            return f"{flops / size:.3g} {prefix}FLOP"
    return f"{flops:.3g} FLOP"


def _parts(cost: Cost) -> tuple[tuple[str, float], ...]:
    return (
        ("waiting for batches", cost.waiting),
        ("evaluating", cost.evaluating),
        ("saving", cost.saving),
        ("measuring layers", cost.measuring),
    )


def _flops(cost: Cost) -> str:
    return f"not counted: {shown(cost.unknown, 200)}" if cost.flops is None else operations(cost.flops)


def _rated(amount: int, rate: float | None) -> str:
    return f"{amount:,}" if rate is None else f"{amount:,}; {number(float(f'{rate:.3g}'))} a second"
