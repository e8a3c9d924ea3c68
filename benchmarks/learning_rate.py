"""The learning rate that is found against the best one, on small trainings, beside the rules of other tools.

The truth of a problem is the mean final validation loss of three seeds at thirteen rates an octave apart; between them
its logarithm is interpolated without overshoot (PCHIP), and the best rate is the lowest point of that curve. A rate's
regret is how far its loss lies above the lowest, relative to it, at most 100 %; beyond the thirteen it is that of the
end. Finders have other seeds, and begin eight times above or below the middle of the thirteen, in turn.

With `--here` probes are made in this process and not in children: the same numbers, sooner, since each finding loads
torch anew otherwise.

`FIRST` problems were there while the finder was written, `LATER` were made by somebody else and shown afterwards.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import numpy as np
import rate_problems
import rate_problems_later
import torch
from machine import RESULTS, write_result
from rate_problems import Problem
from rate_rules import RULES, mean_of_sweeps, sweep
from scipy.interpolate import PchipInterpolator

from kilter.engine.attempt import begin
from kilter.finders import learning_rate
from kilter.finders.ending import Ended
from kilter.finders.learning_rate import find_learning_rate
from kilter.values.program import Program

OCTAVES, TRUE_SEEDS, AWAY = range(-6, 7), (100, 101, 102), 8.0
GRID, SIXTEENTH, SWEEPS = np.geomspace(1e-4, 10.0, 12), 16, 5
WITHIN, REGRET, COST = 0.9, 0.03, 1.0
"""The bars: share within an octave of the best, mean regret, whole trainings."""

TRUTH = RESULTS / "learning_rate_truth.json"


def final_loss(problem: Problem, rate: float, *, seed: int, share: int = 1) -> float:
    """The validation loss at the end of a training, or of a part as long with its whole schedule."""
    program = problem.program()
    total = begin(program).total or 0
    steps = max(8, round(total / share))
    attempt = begin(program, seed=seed, rate=rate, steps=None if steps == total else steps)
    for _ in range(steps):
        if not math.isfinite(attempt.step()):
            return math.inf
    return attempt.evaluate()


def known(path: Path) -> dict[str, list[list[float]]]:
    """The truth as far as it is there: by problem, at each rate the loss of each seed."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def find_truth(problems: Sequence[Problem], path: Path) -> None:
    """Train what is missing."""
    told = known(path)
    for problem in problems:
        if problem.name not in told:
            rates = [problem.rate * 2.0**octave for octave in OCTAVES]
            losses = [[final_loss(problem, rate, seed=seed) for seed in TRUE_SEEDS] for rate in rates]
            told[problem.name] = [
                [1e9 if math.isnan(loss) else round(min(loss, 1e9), 6) for loss in row] for row in losses
            ]
            path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
            print(f"truth of {problem.name}", flush=True)


class Curve:
    """The truth between the rates at which it was sought."""

    def __init__(self, losses: Sequence[Sequence[float]]) -> None:
        worst = 3 * statistics.mean(losses[0])  # how far a training went off tells nothing
        means = np.minimum(losses, worst).mean(1)
        self._curve = PchipInterpolator(list(OCTAVES), np.log(means))
        fine = np.linspace(OCTAVES[0], OCTAVES[-1], 2401)
        self.best = float(fine[self._curve(fine).argmin()])
        self._least = float(self._curve(fine).min())
        ends = fine[self._curve(fine) <= self._least + math.log(1 + REGRET)]
        self.good = float(ends.min()), float(ends.max())

    def regret(self, octave: float) -> float:
        """Of a rate so many octaves above the middle."""
        inside = min(max(octave, OCTAVES[0]), OCTAVES[-1])
        return min(1.0, math.exp(float(self._curve(inside)) - self._least) - 1)


def found(problem: Problem, place: int, seed: int) -> dict[str, tuple[float, float, dict[str, Any]]]:
    """By rule the rate, what it cost in whole trainings, and what else it said."""
    begun = time.process_time()
    away = replace(problem, rate=problem.rate * (AWAY if place % 2 else 1 / AWAY))
    suggestion = find_learning_rate(away.program(), seed=seed)
    said = {
        "low": suggestion.low,
        "high": suggestion.high,
        "stable": suggestion.stable,
        "findings": [finding.name for finding in suggestion.findings],
        "cpu_seconds": time.process_time() - begun,
    }
    told = {"kilter": (suggestion.rate, suggestion.cost, said)}
    sweeps = [sweep(problem, seed + 1000 * each) for each in range(SWEEPS)]
    for name, rule in RULES.items():
        told[name] = rule(*sweeps[0]), len(sweeps[0][0]) / suggestion.length, {}
    cost = sum(len(rates) for rates, _ in sweeps) / suggestion.length
    told["mean of 5 sweeps, argmin / 4"] = mean_of_sweeps(sweeps), cost, {}
    losses = [final_loss(problem, rate, seed=seed, share=SIXTEENTH) for rate in GRID]
    told["12 runs of a sixteenth, argmin / 2"] = float(GRID[np.nanargmin(losses)]) / 2, len(GRID) / SIXTEENTH, {}
    return told


class Here:
    """A nursery without children."""

    def __init__(self, subject: Program, **_: Any) -> None:
        self._subject = subject

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, act: Callable[..., Any], *, doing: str, **arguments: Any) -> Ended:
        """Do it."""
        return Ended(answer=act(self._subject, **arguments))


def rows_of(
    problem: Problem, half: str, told: Mapping[str, Any], truth: Sequence[Sequence[float]]
) -> list[dict[str, Any]]:
    """What was found beside the truth."""
    curve = Curve(truth)
    alone = OCTAVES[int(np.argmin([losses[0] for losses in truth]))]
    told = {**told, "13 whole runs, one seed of the truth": (problem.rate * 2.0**alone, float(len(OCTAVES)), {})}
    rows = []
    for rule, (rate, cost, said) in told.items():
        octave = math.log2(rate / problem.rate)
        rows.append(
            {
                "problem": problem.name,
                "half": half,
                "rule": rule,
                "rate": rate,
                "octaves_off": octave - curve.best,
                "within": abs(octave - curve.best) <= 1,
                "within_of_good": curve.good[0] - 1 <= octave <= curve.good[1] + 1,
                "regret": curve.regret(octave),
                "cost": cost,
                **said,
            }
        )
    return rows


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Of one rule."""
    return {
        "problems": len({row["problem"] for row in rows}),
        "within": statistics.mean(row["within"] for row in rows),
        "within_of_good": statistics.mean(row["within_of_good"] for row in rows),
        "regret": statistics.mean(row["regret"] for row in rows),
        "median_regret": statistics.median(row["regret"] for row in rows),
        "cost": statistics.mean(row["cost"] for row in rows),
        "most": max(row["cost"] for row in rows),
    }


def main() -> None:
    """Find, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="names of problems, or first and later")
    parser.add_argument("--truth", type=Path, default=TRUTH, help="where the truth is, or is written to")
    parser.add_argument("--truth-alone", action="store_true", help="train what is missing of the truth, and no more")
    parser.add_argument("--here", action="store_true", help="no children")
    parser.add_argument("--out", type=Path, default=RESULTS / "learning_rate.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    halves = {"first": rate_problems.FIRST, "later": rate_problems_later.LATER}
    wanted = [
        (half, place, problem)
        for half, problems in halves.items()
        for place, problem in enumerate(problems)
        if not options.only or {half, problem.name} & set(options.only)
    ]
    find_truth([problem for _, _, problem in wanted], options.truth)
    if options.truth_alone:
        return
    truth, rows = known(options.truth), []
    for half, place, problem in wanted:
        for seed in range(options.seeds):
            with patch.object(learning_rate, "Nursery", Here) if options.here else nullcontext():
                told = found(problem, place, seed)
            mine = rows_of(problem, half, told, truth[problem.name])
            rows += mine
            first = mine[0]
            print(
                f"{problem.name:38} {first['rate']:9.3g} {first['octaves_off']:+5.1f} {first['regret']:5.1%}",
                flush=True,
            )
    summaries = {}
    for half in (*sorted({row["half"] for row in rows}), "all"):
        print(f"\n{half:36} within 2x  of good  regret  median   cost  most")
        for rule in dict.fromkeys(row["rule"] for row in rows):
            told = summary([row for row in rows if row["rule"] == rule and half in {row["half"], "all"}])
            summaries[f"{half}: {rule}"] = told
            print(
                f"{rule:36} {told['within']:9.0%} {told['within_of_good']:8.0%} {told['regret']:7.1%} "
                f"{told['median_regret']:7.1%} {told['cost']:6.2f} {told['most']:5.2f}"
            )
    mine = summaries["all: kilter"]
    met = mine["within"] >= WITHIN and mine["regret"] <= REGRET and mine["most"] <= COST
    bars = {"within": WITHIN, "regret": REGRET, "cost": COST}
    write_result(
        options.out,
        "learning_rate",
        rows,
        versions=("torch",),
        seeds=options.seeds,
        bars=bars,
        met=met,
        summaries=summaries,
    )


if __name__ == "__main__":
    main()
