"""How often each comparison calls equal models different, and how often it finds a known difference.

Data are simulated: merits of two models on the same examples, which agree as far as models do that learnt from the same
rows. Under the null both are equally good; the share of simulations with p at the level or below must not lie above the
level beyond its own error. Exact tests of counts lie below it, since few p-values come near. For the power the
difference is the one that `metrics.power` says is established in 80 %. Almost stochastic order is no test of that kind,
and its rate is published apart: how often its bound is below one half where both sides are drawn alike.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from machine import RESULTS, write_result

from kilter.metrics.clusters import clustered_difference
from kilter.metrics.dominance import almost_stochastic_order
from kilter.metrics.power import detectable_by_t, detectable_in_accuracy, detectable_in_mean
from kilter.metrics.seeds import difference_over_seeds
from kilter.metrics.significance import benjamini_hochberg, holm, mcnemar_p_value, permutation_p_value

LEVEL = 0.05
POWER = 0.8
ERRORS = 3.0  # standard errors of a simulated rate that count as chance
RESAMPLES = 999  # of a permutation test here: with 1,000 patterns p-values of exactly the level can be reached
Draw = np.random.Generator
Reals = npt.NDArray[np.float64]


class Case(NamedTuple):
    """A comparison under simulation: `simulate(draw, difference)` gives a p-value."""

    name: str
    simulate: Callable[[Draw, float], float]
    difference: float | None  # that is established in `POWER`; None where only the null is simulated
    share: float = 1.0  # of the simulations, for those that take long


def main() -> None:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=RESULTS / "comparisons.json")
    parser.add_argument("--only", default="", help="part of a name")
    options = parser.parse_args()
    rows = []
    print(f"{'':44}{'simulated':>10}{'null':>9}{'power':>9}{'said':>7}{'seconds':>9}")
    for number, case in enumerate(each for each in cases() if options.only in each.name):
        began = time.process_time()
        many = max(10, int(options.simulations * case.share))
        draw = np.random.default_rng(number)
        null = rate(case, draw, 0.0, many)
        power = None if case.difference is None else rate(case, draw, case.difference, many)
        error = math.sqrt(LEVEL * (1 - LEVEL) / many)
        row = {
            "comparison": case.name,
            "simulations": many,
            "rejected_under_null": null,
            "level": LEVEL,
            "level_kept": null <= LEVEL + ERRORS * error,
            "difference": case.difference,
            "power": power,
            "power_said": None if power is None else POWER,
            "power_within_2_points": None
            if power is None
            else abs(power - POWER) <= 0.02 + ERRORS * math.sqrt(0.16 / many),
            "cpu_seconds": time.process_time() - began,
        }
        rows.append(row)
        found = "–" if power is None else f"{power:.3f}"
        said = "–" if power is None else f"{POWER:.2f}"
        kept = "" if row["level_kept"] else "  above its level"
        print(f"{case.name:44}{many:>10,}{null:>9.4f}{found:>9}{said:>7}{row['cpu_seconds']:>9.1f}{kept}", flush=True)
    orders = [dominance(seeds, max(10, options.simulations // 20)) for seeds in (3, 5, 10, 20)]
    for order in orders:
        print(f"{order['comparison']:44}{order['simulations']:>10,}{order['below_half_under_null']:>9.4f}")
    write_result(
        options.out,
        "comparisons",
        [*rows, *orders],
        versions=("numpy", "scipy"),
        simulations=options.simulations,
        bar="no rate above the level by more than three standard errors; power within 2 points of what is said",
        bar_met=all(row["level_kept"] and row["power_within_2_points"] is not False for row in rows),
    )


def rate(case: Case, draw: Draw, difference: float, many: int) -> float:
    """How often the p-value is at the level or below."""
    return sum(case.simulate(draw, difference) <= LEVEL for _ in range(many)) / many


def cases() -> tuple[Case, ...]:
    """All comparisons, with the difference that their power is asked at."""
    return (
        *(
            Case(f"exact McNemar, {n} examples, {share:.0%} disagree", mcnemar(n, share), found)
            for n, share in ((100, 0.3), (540, 0.1), (2000, 0.1))
            if (found := detectable_in_accuracy(n, share)) is not None
        ),
        *(
            Case(f"paired permutation, {n} {shape} differences", permuted(n, shape), detectable_in_mean(n, 1.0))
            for n, shape in ((12, "normal"), (60, "normal"), (200, "normal"))
        ),
        Case("paired permutation, 60 skewed differences", permuted(60, "skewed"), None),
        Case("cluster permutation, 14 groups of 20", in_groups(14, 20), None),
        Case("cluster permutation, 40 groups of 10", in_groups(40, 10), grouped_difference(40, 10)),
        Case("t test over 3 seeds and 200 examples", over_seeds(3, 200, 0.02, 0.0), None),
        Case("t test over 10 seeds, examples alike", over_seeds(10, 2, 0.02, 0.0), seeds_difference(10, 0.02)),
        Case("t test over 5 seeds and 200 examples", over_seeds(5, 200, 0.02, 0.3), None),
        Case("any of 10 McNemar tests, Holm", together(10, holm), None, 0.5),
        Case("any of 10 McNemar tests, Benjamini-Hochberg", together(10, benjamini_hochberg), None, 0.5),
    )


def mcnemar(n: int, disagreement: float) -> Callable[[Draw, float], float]:
    """Two models that disagree on that share of examples."""

    def simulate(draw: Draw, difference: float) -> float:
        share = max(disagreement, difference)
        discordant = draw.binomial(n, share)
        first = draw.binomial(discordant, (share + difference) / (2 * share))
        return mcnemar_p_value(int(first), int(discordant - first))

    return simulate


def permuted(n: int, shape: str) -> Callable[[Draw, float], float]:
    """Differences with the standard deviation 1; skewed ones are those of two exponential losses, which are alike."""

    def simulate(draw: Draw, difference: float) -> float:
        if shape == "skewed":
            values = draw.exponential(size=n) ** 2 - draw.exponential(size=n) ** 2
        else:
            values = draw.normal(size=n)
        return permutation_p_value(values + difference, resamples=RESAMPLES, seed=draw)

    return simulate


def in_groups(groups: int, each: int) -> Callable[[Draw, float], float]:
    """Differences of which half the variance is common to a group."""
    place = np.repeat(np.arange(groups), each)

    def simulate(draw: Draw, difference: float) -> float:
        values = draw.normal(size=groups)[place] + draw.normal(size=groups * each) + difference
        sums = np.bincount(place, weights=values)
        return permutation_p_value(sums, resamples=RESAMPLES, seed=draw)

    draw = np.random.default_rng(0)
    values = draw.normal(size=place.size)
    whole = clustered_difference(values, np.zeros(place.size), place, resamples=RESAMPLES, seed=1).p_value
    apart = permutation_p_value(np.bincount(place, weights=values), resamples=RESAMPLES, seed=1)
    if whole != apart:
        message = f"the test that is simulated gives {apart}, and the one that is used gives {whole}"
        raise RuntimeError(message)
    return simulate


def grouped_difference(groups: int, each: int) -> float | None:
    """What so many groups establish, whose means have the variance of a group and of its examples."""
    return detectable_in_mean(groups, math.sqrt(1 + 1 / each))


def over_seeds(seeds: int, n: int, of_seeds: float, of_examples: float) -> Callable[[Draw, float], float]:
    """Trainings that err by seeds, by examples, and a little by both."""

    def simulate(draw: Draw, difference: float) -> float:
        sides = []
        for above in (difference, 0.0):
            shared = draw.normal(0, of_examples, n)
            own = draw.normal(0, 0.1 * of_examples, (seeds, n))
            sides.append(above + draw.normal(0, of_seeds, (seeds, 1)) + shared + own)
        return difference_over_seeds(*sides).p_value

    return simulate


def seeds_difference(seeds: int, deviation: float) -> float | None:
    """What so many trainings a side establish."""
    return detectable_by_t(deviation * math.sqrt(2 / seeds), 2 * (seeds - 1))


def together(many: int, adjust: Callable[[list[float]], Reals]) -> Callable[[Draw, float], float]:
    """The smallest adjusted p-value of as many comparisons of equal models."""
    one = mcnemar(540, 0.1)

    def simulate(draw: Draw, difference: float) -> float:
        return float(adjust([one(draw, difference) for _ in range(many)]).min())

    return simulate


def dominance(seeds: int, many: int) -> dict[str, object]:
    """How often almost stochastic order calls the first of two samples from one distribution dominant."""
    draw = np.random.default_rng(seeds)
    bounds = [
        almost_stochastic_order(draw.normal(size=seeds), draw.normal(size=seeds), resamples=200, seed=place).bound
        for place in range(many)
    ]
    return {
        "comparison": f"almost stochastic order, {seeds} seeds a side",
        "simulations": many,
        "below_half_under_null": float(np.mean(np.array(bounds) < 0.5)),
    }


if __name__ == "__main__":
    main()
