"""How often intervals hold the true value: every score of kilter over simulated data sets whose truth is known.

A case is a population to draw examples from. Its true scores are those of a sample so large that they do not vary; then
data sets of each size are drawn, scored as kilter scores them, and of the intervals of nominal 95 % it is counted how
many hold the truth. What a metric itself marks as strained (heavy tails, rare classes) is counted apart. `--table`
writes the table that `kilter.metrics.coverage` reads cautions from.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
from machine import RESULTS, write_result

from kilter.metrics.calibration import brier
from kilter.metrics.classification import log_loss, top_k_accuracy
from kilter.metrics.confusion import count_scores, rates_of
from kilter.metrics.intervals import bootstrap_mean
from kilter.metrics.measure import Measure
from kilter.metrics.multilabel import multilabel_scores
from kilter.metrics.quantiles import quantile_scores
from kilter.metrics.ranking import average_precision, one_vs_rest_auc, roc_auc
from kilter.metrics.regression import regression_scores
from kilter.metrics.retrieval import retrieval_scores
from kilter.metrics.several_amounts import mean_r2
from kilter.metrics.spans import SpanCounts, span_scores

HOLDS = (0.93, 0.97)
CLAIMED = ("accuracy", "precision", "recall", "f1", "mcc", "roc_auc", "mae", "rmse", "span_f1")
FROM = 200  # examples, from which on the claimed scores have to hold
POSITIVES = 20  # for precision, recall and F1 of a class instead
SEEN = 0.2  # of the data sets must be of a kind, for its share to enter the table
Scores = Mapping[str, Measure]
Generator = np.random.Generator


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A population: `draw(n, generator, resamples)` scores n of its examples."""

    name: str
    draw: Callable[[int, Generator, int], Scores]
    sizes: tuple[int, ...] = (20, 50, 200, 500)
    population: int = 1_000_000  # examples that stand for the truth
    positives: bool = False  # whether sizes are expected positives
    claimed: bool = True  # whether named scores have to hold; with tails that nobody sees in 200 examples they cannot


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How many intervals of one score held the truth, of data sets of one size of one case."""

    case: str
    score: str
    strained: str
    size: int
    positives: bool
    intervals: int
    held: float
    below: float  # the truth lay below the interval
    above: float
    undefined: int


def main() -> None:
    """Simulate, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-sets", type=int, default=2_000)
    parser.add_argument("--resamples", type=int, default=1_000)
    parser.add_argument("--only", nargs="*", help="names of cases, or beginnings; others keep their rows")
    parser.add_argument("--short", action="store_true", help="100 data sets of 300 resamples, up to 200 examples")
    parser.add_argument("--out", type=Path, default=RESULTS / "coverage.json")
    parser.add_argument("--table", type=Path, help="where the table of cautions is written, too")
    options = parser.parse_args()
    data_sets, resamples = (100, 300) if options.short else (options.data_sets, options.resamples)
    rows = kept(options, data_sets, resamples) if options.only else []
    asked = [case for case in CASES if not options.only or case.name.startswith(tuple(options.only))]
    for case in asked:
        start = time.process_time()
        sizes = tuple(size for size in case.sizes if not options.short or size <= FROM)
        found = simulate(case, sizes, data_sets=data_sets, resamples=resamples)
        rows = [row for row in rows if row.case != case.name] + found
        print(f"{case.name} ({time.process_time() - start:.0f} s of CPU time)")
        for row in found:
            mark = "" if HOLDS[0] <= row.held <= HOLDS[1] else "  outside"
            print(f"  {row.score:24}{row.strained:14}{row.size:>6}{row.intervals:>7}{row.held:>8.1%}{mark}", flush=True)
        publish(options, rows, data_sets, resamples)  # after each case, so that what is done is done
    missed = missing(rows)
    for row in missed:
        print(f"MISSED: {row.score} of {row.size} in {row.case}: {row.held:.1%}")
    print(f"bar: {HOLDS[0]:.0%} to {HOLDS[1]:.0%} for the claimed scores; {'missed' if missed else 'met'}")


def kept(options: argparse.Namespace, data_sets: int, resamples: int) -> list[Row]:
    """The rows of an earlier run in the same form, to which those of `--only` are added."""
    if not options.out.exists():
        return []
    earlier = json.loads(options.out.read_text("utf-8"))
    alike = (earlier["data_sets"], earlier["resamples"]) == (data_sets, resamples)
    return [Row(**row) for row in earlier["rows"]] if alike else []


def publish(options: argparse.Namespace, rows: list[Row], data_sets: int, resamples: int) -> None:
    """Write the figures, and the table of cautions where it is asked for."""
    write_result(
        options.out,
        "coverage",
        [asdict(row) for row in rows],
        versions=("numpy", "scipy"),
        data_sets=data_sets,
        resamples=resamples,
        confidence=0.95,
        claimed=list(CLAIMED),
        bar=list(HOLDS),
        bar_met=not missing(rows),
    )
    if options.table:
        options.table.write_text(json.dumps(table_of(rows, data_sets=data_sets), indent=1) + "\n", "utf-8")


def missing(rows: list[Row]) -> list[Row]:
    """Those that have to hold and do not."""
    return [row for row in rows if claimed(row) and not HOLDS[0] <= row.held <= HOLDS[1]]


def claimed(row: Row) -> bool:
    """Whether the interval has to hold: a named score, enough examples, nothing that strains it."""
    enough = row.size >= (POSITIVES if row.positives else FROM)
    held = {case.name for case in CASES if case.claimed}
    return row.score in CLAIMED and enough and row.case in held and not row.strained and row.intervals >= 100


def simulate(
    case: Case, sizes: tuple[int, ...], *, data_sets: int, resamples: int, population: int | None = None
) -> list[Row]:
    """How often the intervals of each score of a case hold its truth, for each size."""
    everyone = case.draw(population or case.population, np.random.default_rng(0), 2)
    truth = {name: measure.value for name, measure in everyone.items()}
    rows = []
    for size in sizes:
        held: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for number in range(data_sets):
            for name, measure in case.draw(
                size, np.random.default_rng((*case.name.encode(), size, number)), resamples
            ).items():
                cell, true = held[name, measure.strained], truth[name]
                if measure.low is None or measure.high is None or true is None:
                    cell[3] += 1
                else:
                    cell[1 if true < measure.low else 2 if true > measure.high else 0] += 1
        for (name, strained), (inside, below, above, undefined) in held.items():
            many = inside + below + above
            if many:
                rows.append(
                    Row(
                        case=case.name,
                        score=name,
                        strained=strained,
                        size=size,
                        positives=case.positives,
                        intervals=many,
                        held=inside / many,
                        below=below / many,
                        above=above / many,
                        undefined=undefined,
                    )
                )
    return rows


def table_of(rows: list[Row], *, data_sets: int) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Smallest and largest share over the cases: by score, by what strained it, by size."""
    table: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in sorted(rows, key=lambda row: (row.score, row.strained, row.size)):
        if row.intervals < SEEN * data_sets:
            continue
        sizes = table.setdefault(row.score, {}).setdefault(row.strained, {})
        held = round(row.held, 4)
        low, high = sizes.get(str(row.size), [held, held])
        sizes[str(row.size)] = [min(low, held), max(high, held)]
    return table


def of_counts(shares: npt.ArrayLike) -> Callable[[int, Generator, int], Scores]:
    """Scores of a population with these shares (k, k) of truth and decision; averages all but of labels not drawn."""
    table = np.asarray(shares, dtype=np.float64)

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        counts = generator.multinomial(n, (table / table.sum()).ravel()).reshape(table.shape)
        scores = count_scores(counts, resamples=resamples)
        return {name: scores[name] for name in scores if not name.startswith("micro") and name != "weighted_recall"}

    return draw


def of_class(hit: float, false_alarms: float) -> Callable[[int, Generator, int], Scores]:
    """Precision, recall and F1 of a class that is found with that chance, with so many false alarms a positive."""

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        rows = 5 * n
        support = int(generator.binomial(rows, 0.2))
        hits = int(generator.binomial(support, hit))
        return rates_of(hits, support, hits + int(generator.binomial(rows - support, 0.25 * false_alarms)))

    return draw


def of_ranking(share: float, apart: float) -> Callable[[int, Generator, int], Scores]:
    """Two classes with normal scores, and the probabilities that follow from them."""

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        target = (generator.random(n) < share).astype(np.int64)
        score = generator.normal(size=n) + apart * target
        logit = apart * score - apart**2 / 2 + np.log(share / (1 - share))
        given = 1 / (1 + np.exp(-logit))
        both = np.stack([1 - given, given], axis=1)
        return {
            "roc_auc": roc_auc(target, score),
            "average_precision": average_precision(target, score, resamples=resamples),
            "log_loss": log_loss(target, both),
            "brier": brier(target, both),
        }

    return draw


def of_probabilities(classes: int, sharpness: float) -> Callable[[int, Generator, int], Scores]:
    """Several classes with normal logits."""

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        target = generator.integers(0, classes, n)
        logits = generator.normal(size=(n, classes))
        logits[np.arange(n), target] += sharpness
        odds = np.exp(sharpness * logits)
        shares = odds / odds.sum(axis=1, keepdims=True)
        return {
            "roc_auc": one_vs_rest_auc(target, shares),
            "log_loss": log_loss(target, shares),
            "brier": brier(target, shares),
            "top_2_accuracy": top_k_accuracy(target, shares, 2),
        }

    return draw


def of_amounts(errors: Callable[[Generator, int], npt.NDArray[np.float64]]) -> Callable[[int, Generator, int], Scores]:
    """Normal targets, 10 ± 2, with errors of their own; quantiles are forecast as if errors were normal."""

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        target = np.maximum(generator.normal(10, 2, n), 1.0)
        given = target + errors(generator, n)
        spread = np.exp(generator.normal(0, 0.2, n))
        forecast = given[:, None] + spread[:, None] * np.array([-1.6449, 0.0, 1.6449])
        quantiles = quantile_scores(target, forecast, (0.05, 0.5, 0.95), resamples=resamples)
        del quantiles["crossed"]  # never, here
        return regression_scores(target, given, resamples=resamples) | quantiles

    return draw


def of_multiples(n: int, generator: Generator, resamples: int) -> Scores:
    """Lognormal targets and factors: whoever is far off is far off by orders of magnitude."""
    target = generator.lognormal(0, 1, n)
    return regression_scores(target, target * generator.lognormal(0, 0.5, n), resamples=resamples)


def of_several_amounts(n: int, generator: Generator, resamples: int) -> Scores:
    """Three columns with correlated errors; a fifth of the targets is unknown."""
    target = generator.normal(size=(n, 3))
    error = generator.normal(0, 0.6, (n, 3)) + generator.normal(0, 0.4, (n, 1))
    given = target + error
    target[generator.random((n, 3)) < 0.2] = np.nan
    return {"mean_r2": mean_r2(target, given, resamples=resamples)}


def of_labels(n: int, generator: Generator, resamples: int) -> Scores:
    """Four labels that come together, from a tenth to a half of the rows."""
    common = generator.normal(size=(n, 1))
    target = (generator.normal(size=(n, 4)) + common < np.array([-1.8, -1.2, -0.6, 0.0])).astype(np.float64)
    given = 1 / (1 + np.exp(-(2 * target - 1 + generator.normal(0, 1.2, (n, 4)))))
    return multilabel_scores(target, (given >= 0.5).astype(np.float64), given, resamples=resamples)


def of_spans(share: float) -> Callable[[int, Generator, int], Scores]:
    """Sentences with none to five spans of three types; those of one sentence are found and missed together."""

    def draw(n: int, generator: Generator, resamples: int) -> Scores:
        support = generator.poisson([0.8, 0.5, 0.3], (n, 3))
        ease = np.clip(share + generator.normal(0, 0.15, (n, 1)), 0.0, 1.0)
        hits = generator.binomial(support, ease)
        predicted = hits + generator.binomial(support - hits, 0.5) + generator.poisson(0.1, (n, 3))
        there, said, found = (2 * part.sum(axis=1) for part in (support, predicted, hits))
        tokens = there + said + generator.integers(5, 15, n)
        counts = SpanCounts(
            types=("a", "b", "c"),
            hits=hits,
            support=support,
            predicted=predicted,
            right=tokens - np.maximum(there, said) + found,
            tokens=tokens,
            inside=np.stack([found, there, said], axis=1),
            malformed=generator.binomial(1, 0.1, n),
        )
        return span_scores(counts, resamples=resamples)

    return draw


def of_ranks(n: int, generator: Generator, resamples: int) -> Scores:
    """Ranks among a hundred candidates, half of them 1."""
    return retrieval_scores(np.where(generator.random(n) < 0.5, 1.0, 1.0 + generator.geometric(0.1, n)))


def of_texts(n: int, generator: Generator, resamples: int) -> Scores:
    """Texts, a third exactly right; and their losses, weighed by tokens."""
    right = generator.random(n) < 0.35
    overlap = np.where(right, 1.0, np.round(generator.beta(2, 2, n) * 12) / 12)
    tokens = generator.integers(3, 40, n).astype(np.float64)
    nats = generator.gamma(2.0, 0.8, n)
    means = {"token_f1": overlap, "chrf": np.where(right, 1.0, generator.beta(3, 3, n))}
    weighed = bootstrap_mean(nats, tokens, resamples=resamples)
    return {name: bootstrap_mean(each, resamples=resamples) for name, each in means.items()} | dict.fromkeys(
        ("nats_per_token", "nats_per_character", "perplexity", "bits_per_character"), weighed
    )


def mostly(classes: int, right: float) -> npt.NDArray[np.float64]:
    """Classes of like size, each right with this chance, and taken for each other alike."""
    wrong = (1 - right) / (classes - 1)
    return np.full((classes, classes), wrong) + np.eye(classes) * (right - wrong)


CASES = (
    Case(name="three classes, 80 % right", draw=of_counts(mostly(3, 0.8))),
    Case(name="three classes, 96 % right", draw=of_counts(mostly(3, 0.96))),
    Case(name="ten classes, 60 % right", draw=of_counts(mostly(10, 0.6)), sizes=(50, 200, 500)),
    Case(name="two classes, one in ten", draw=of_counts([[0.85, 0.05], [0.03, 0.07]])),
    Case(
        name="four classes, one in fifty",
        draw=of_counts(
            [[0.5, 0.03, 0.03, 0.01], [0.03, 0.2, 0.02, 0], [0.03, 0.02, 0.11, 0], [0.006, 0, 0.002, 0.012]]
        ),
    ),
    Case(name="a class, 80 % found", draw=of_class(0.8, 0.3), sizes=(10, 20, 50, 200), positives=True),
    Case(name="a class, half found", draw=of_class(0.5, 0.1), sizes=(10, 20, 50, 200), positives=True),
    Case(name="ranking, a third positive", draw=of_ranking(0.33, 1.5)),
    Case(name="ranking, one in twenty positive", draw=of_ranking(0.05, 2.0), sizes=(50, 200, 500)),
    Case(name="probabilities of five classes", draw=of_probabilities(5, 1.5), sizes=(50, 200, 500)),
    Case(name="amounts, normal errors", draw=of_amounts(lambda g, n: g.normal(0, 1, n))),
    Case(name="amounts, Laplace's errors", draw=of_amounts(lambda g, n: g.laplace(0, 0.8, n))),
    Case(
        name="amounts, errors with 5 degrees of freedom",
        draw=of_amounts(lambda g, n: g.standard_t(5, n)),
        claimed=False,
    ),
    Case(name="amounts that are off by factors", draw=of_multiples, claimed=False),
    Case(name="several amounts", draw=of_several_amounts),
    Case(name="several labels", draw=of_labels, sizes=(20, 50, 200), population=200_000),
    Case(name="spans, 80 % found", draw=of_spans(0.8), population=400_000),
    Case(name="spans, half found", draw=of_spans(0.5), population=400_000),
    Case(name="ranks among a hundred", draw=of_ranks),
    Case(name="texts", draw=of_texts),
)


if __name__ == "__main__":
    main()
