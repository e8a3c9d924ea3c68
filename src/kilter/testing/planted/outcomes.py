"""Outcomes with one fault each, which the checks of results must find."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from kilter.evaluation.evaluating import evaluate
from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.healthy.outcomes import (
    LABELS,
    constant,
    judged,
    of_amounts,
    of_classes,
    outcome,
    probabilities,
    targets,
    turning,
)
from kilter.testing.subjects import Planted
from kilter.values.comparison import Effort
from kilter.values.evaluation import Slice
from kilter.values.expectation import Expectation
from kilter.values.finding import Severity
from kilter.values.outcome import Outcome
from kilter.values.score import Score


def _shuffled() -> Outcome:
    """Labels that have nothing to do with the inputs: nobody beats the majority."""
    truth = targets()
    answers = {
        "model": probabilities(truth, accuracy=0.36),
        "majority": constant(truth),
        "linear": probabilities(truth, accuracy=0.37, seed=2),
    }
    return outcome(Classification(labels=LABELS), truth, answers)


def _one_class() -> Outcome:
    truth = targets()
    answers = {"model": constant(truth), "majority": constant(truth), "linear": probabilities(truth, accuracy=0.8)}
    return outcome(Classification(labels=LABELS), truth, answers)


def _one_amount() -> Outcome:
    truth = np.random.default_rng(0).normal(size=300)
    answers = {"model": np.full(300, 0.01), "mean": np.zeros(300)}
    return outcome(Regression(center=0.0, scale=1.0), truth, answers)


def _never_recognised() -> Outcome:
    truth = targets()
    given = probabilities(truth, accuracy=0.9)
    given[:, 2] = np.random.default_rng(9).uniform(0, 1e-6, len(truth))
    answers = {"model": given / given.sum(axis=1, keepdims=True), "majority": constant(truth)}
    return outcome(Classification(labels=LABELS), truth, answers)


def _below_the_threshold() -> Outcome:
    """One in ten is rare and ranked well, but no probability of it reaches one half."""
    truth = targets(900, shares=(0.9, 0.1))
    found = np.clip(0.1 + 0.2 * truth + np.random.default_rng(4).normal(0, 0.05, 900), 0.01, 0.45)
    answers = {"model": np.stack([1 - found, found], axis=1), "majority": constant(truth, classes=2)}
    return outcome(Classification(labels=("usual", "rare")), truth, answers)


def _sure_when_wrong() -> Outcome:
    """The validation loss climbs while accuracy improves: what is wrong is wrong for sure."""
    return replace(of_classes(0.85, confidence=0.97), history=turning(better=True))


def _by_heart() -> Outcome:
    truth, seen = targets(), targets(900, seed=5)
    answers = {"model": probabilities(truth, accuracy=0.55), "majority": constant(truth)}
    train = (seen, probabilities(seen, accuracy=0.999, seed=6))
    return outcome(Classification(labels=LABELS), truth, answers, train=train)


def _sliced() -> Outcome:
    """Nearly all errors lie among the examples that differ in one token."""
    made = of_classes(0.9)
    hard = Slice(
        name="different tokens, a and b = 1",
        said="the number of tokens in which 'a' and 'b' differ is 1",
        n=80,
        inside=Score(name="accuracy", value=0.4, low=0.3, high=0.51, n=80),
        outside=Score(name="accuracy", value=0.98, low=0.96, high=0.99, n=520),
        lost=0.8,
        p_value=1e-20,
        examples=made.predictions.ids[:5],
    )
    return replace(made, evaluation=replace(made.evaluation, slices=(hard,)))


def _leaked() -> Outcome:
    """Half of the test rows were learnt by heart; of the others three in five are right."""
    task, truth = Classification(labels=LABELS), targets()
    given = np.concatenate([probabilities(truth[:300], accuracy=1.0), probabilities(truth[300:], accuracy=0.6)])
    made = outcome(task, truth, {"model": given, "majority": constant(truth)})
    fresh = evaluate(made.predictions.take(np.arange(300, 600)), task, model="model", split="test", mistakes=0)
    return replace(made, fresh=fresh)


def _searched() -> Outcome:
    """Forty settings of the model were tried, and three of what it beats."""
    made = of_classes(0.9, linear=0.8)
    given = {"majority": Effort(trials=0, seconds=0.1), "linear": Effort(trials=3, seconds=2.0)}
    ours = Effort(trials=40, steps=80_000, seconds=900.0)
    compared = [replace(c, left_effort=ours, right_effort=given[c.right]) for c in made.comparisons]
    return replace(made, comparisons=tuple(compared))


PLANTED_OUTCOMES: tuple[Planted[Outcome], ...] = (
    Planted(code="R101", name="labels of chance", make=cache(_shuffled), causes=("label_misaligned", "label_noise")),
    Planted(
        code="R101", name="a network that learnt nothing", make=cache(_one_class), causes=("lr_too_high", "lr_too_low")
    ),
    Planted(
        code="R102", name="linear wins", make=cache(lambda: of_classes(0.7, linear=0.85)), causes=("underfit_capacity",)
    ),
    Planted(
        code="R102", name="ridge wins", make=cache(lambda: of_amounts(0.6, ridge=0.3)), causes=("underfit_capacity",)
    ),
    Planted(
        code="R103", name="one class", make=cache(_one_class), causes=("model_ignores_input", "imbalance_zero_recall")
    ),
    Planted(code="R103", name="one amount", make=cache(_one_amount), causes=("model_ignores_input",)),
    Planted(
        code="R110",
        name="a class that the model does not know",
        make=cache(_never_recognised),
        causes=("imbalance_zero_recall",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="R104",
        name="sure and wrong",
        make=cache(lambda: of_classes(0.7, linear=0.5, confidence=0.97)),
        causes=("overconfident",),
    ),
    Planted(code="R105", name="learnt by heart", make=cache(_by_heart), causes=("overfitting",)),
    Planted(
        code="R106",
        name="errors of one kind",
        make=cache(_sliced),
        causes=("underfit_capacity", "too_little_data", "label_noise"),
        severity=Severity.NOTE,
    ),
    Planted(code="R107", name="test rows learnt by heart", make=cache(_leaked), causes=("train_val_leak",)),
    Planted(
        code="R110",
        name="a class below the threshold",
        make=cache(_below_the_threshold),
        causes=("threshold_wrong",),
    ),
    Planted(
        code="R111",
        name="surer than right",
        make=cache(lambda: of_classes(0.7, linear=0.5, confidence=0.97)),
        causes=("overconfident",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="R111",
        name="less sure than right",
        make=cache(lambda: of_classes(0.95, confidence=0.6)),
        causes=("too_few_epochs",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="R113",
        name="ever surer",
        make=cache(_sure_when_wrong),
        causes=("overconfident",),
        severity=Severity.NOTE,
    ),
    Planted(code="R108", name="a search against a default", make=cache(_searched), causes=("wrong_metric",)),
    Planted(
        code="R109",
        name="worse than expected",
        make=cache(lambda: judged(of_classes(), Expectation.read("accuracy", ">= 0.99"))),
        causes=("underfit_capacity",),
    ),
    Planted(
        code="R109",
        name="better than anybody thought",
        make=cache(lambda: judged(of_classes(), Expectation.read("log_loss", "> 0.9"))),
        causes=("target_leak",),
    ),
    Planted(
        code="R112",
        name="a worn-out test",
        make=cache(lambda: replace(of_classes(), consulted=60)),
        causes=("overfitting",),
    ),
)
