"""Runs as they come out of the flow: 16 languages, a regression, one that a gate stopped, and text that means harm."""

from __future__ import annotations

import math
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from kilter.values.comparison import Comparison, Effort
from kilter.values.evaluation import ClassScores, Confusion, Evaluation, Measures, Mistake
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.history import History
from kilter.values.run import Run, Stage
from kilter.values.score import Score

GOLDEN = Path(__file__).parent / "golden"
SQUARED = "negative squared error (standard units)"
LANGUAGES = ("cs", "da", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nl", "pl", "pt", "ro", "sv", "tr")
NAMES = ("Nederländerna", "Tschechien", "Isole Salomone", "Ilhas Åland", "Yhdysvallat", "Újlatin írások", "Güney Kore")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '<a href="javascript:alert(1)">a link</a>',
    "<b>bold</b><br>&lt;i&gt; ' \" ` ${7*7} %{x}",
    "\u202eright to left\u202c",
    "שלום עולם",
    "👩‍👩‍👧‍👦 family",
    "\x1b[2J\x1b]0;title\x07 bell",
    "long " * 2000,
    "\ud800 half a character",
    "two\nlines\r\nand a\ttab\x00",
)


def score(name, value, n, *, spread=0.017, larger=True, undefined=None):
    low, high = (None, None) if value is None else (value - spread, value + spread)
    return Score(name=name, value=value, low=low, high=high, n=n, larger_is_better=larger, undefined=undefined)


def comparison(right, value, low, high, p, *, what="accuracy", test="exact McNemar test", n=2080, compared=3):
    difference = Score(name=what, value=value, low=low, high=high, n=n)
    adjusted = min(1.0, 2 * p)
    return Comparison(
        left="model",
        right=right,
        split="test",
        difference=difference,
        p_value=p,
        test=test,
        adjusted_p_value=adjusted,
        correction="Holm",
        compared=compared,
    )


def confusion(labels, *, each=130, share=0.79, seed=1):
    draw = random.Random(seed)
    counts = [[0] * len(labels) for _ in labels]
    for i in range(len(labels)):
        for _ in range(each):
            near = (i + draw.choice((1, 1, 1, 2, 3, 5, 7))) % len(labels)
            counts[i][i if draw.random() < share - 0.02 * (i % 5) else near] += 1
    return Confusion(labels=tuple(labels), counts=tuple(map(tuple, counts)))


def classes(table):
    made = []
    for i, label in enumerate(table.labels):
        support, decided = sum(table.counts[i]), sum(row[i] for row in table.counts)
        right = table.counts[i][i]
        recall, precision = right / support, right / decided if decided else None
        f1 = 2 * right / (support + decided)
        undefined = None if decided else f"class {label} was never predicted"
        scores = (
            score("precision", precision, decided, spread=0.05, undefined=undefined),
            score("recall", recall, support, spread=0.05),
            score("F1", f1, support, spread=0.06),
        )
        made.append(ClassScores(label=label, support=support, scores=scores))
    return tuple(made)


def mistakes(table, names, *, file="names.csv", seed=2):
    draw = random.Random(seed)
    made = []
    for i, row in enumerate(table.counts):
        for j, count in enumerate(row):
            for _ in range(min(count, 3) if i != j else 0):
                sure = draw.uniform(0.4, 0.999)
                made.append(
                    Mistake(
                        id=f"{file}:{draw.randrange(2, 23_500)}",
                        inputs=draw.choice(names),
                        target=table.labels[i],
                        decided=table.labels[j],
                        cost=-math.log1p(-sure) + draw.random(),
                        confidence=sure,
                    )
                )
    return tuple(sorted(made, key=lambda mistake: -mistake.cost))


def history(steps=1200, *, start=2.7726, end=0.35, metric="accuracy"):
    draw = random.Random(3)
    grown = History()
    for step in range(1, steps + 1):
        loss = end + (start - end) * math.exp(-step / (0.18 * steps)) * draw.uniform(0.85, 1.15)
        warm = min(step / (0.05 * steps), 1.0)
        rate = 0.003 * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        norm = 0.4 + 3.0 * math.exp(-step / (0.1 * steps)) * draw.uniform(0.6, 1.6)
        row = {"train.loss": loss, "train.gradient_norm": norm, "train.learning_rate": rate}
        if step % max(1, steps // 12) == 0:
            late = max(0.0, step / steps - 0.6)
            valid = loss + 0.25 + 0.8 * late
            row |= {"valid.loss": valid, f"valid.{metric}": 0.81 - 0.6 * math.exp(-step / (0.2 * steps)) - 0.05 * late}
            row |= {"valid.macro-F1": 0.80 - 0.6 * math.exp(-step / (0.2 * steps)) - 0.05 * late}
        grown = grown.append(step, row)
    return grown


CONTRADICTIONS = Finding(
    code="D103",
    name="contradicting-labels",
    severity=Severity.WARNING,
    seen="9,702 of 23,512 examples (41.3 %) stand in the data with more than one label; no model can be right on more "
    "than 78.4 % of them.",
    advice="Keep one label for each input, or drop the inputs that have several (`data.contradictions: drop`).",
    causes=("label_noise", "data_anomaly"),
    where=tuple(f"names.csv:{line}" for line in range(17, 17 + 9 * 40, 9)),
    evidence={
        "examples": 9702,
        "ceiling": 0.7837,
        "most frequent": [
            {"text": "Euro", "labels": "de, fr, it, nl, pt", "rows": 9},
            {"text": "Samoa", "labels": "all", "rows": 16},
        ],
    },
    strength=Strength.PROVED,
)
OVERFITTING = Finding(
    code="C103",
    name="overfitting",
    severity=Severity.NOTE,
    seen="From step 800 on the validation loss rises (0.62 to 0.85) while the training loss falls.",
    advice="Stop earlier, or raise `model.dropout`.",
    causes=("overfitting", "too_little_data"),
    where=("step 800",),
    evidence={"step": 800, "rise": 0.23},
)
ENVIRONMENT = {
    "command": "kilter run kilter.yaml",
    "started": "2026-03-14T09:26:53Z",
    "versions": {"kilter": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.6"},
    "seeds": {"run": 0, "split": 0},
    "git": {"commit": "d8c1407", "dirty": False},
    "machine": {"system": "Linux", "cpus": 2, "memory": 8.0, "accelerators": []},
    "data": {"names.csv": "sha256:4a1f9bc6b0f3d7f1", "rows": {"train": 9660, "valid": 2070, "test": 2070}},
}
CONFIG = {
    "task": {"name": "classification", "target": "language"},
    "model": {"name": "transformer", "arguments": {"width": 128, "layers": 2, "heads": 4, "dropout": 0.1}},
    "optimizer": {"name": "adamw", "learning_rate": 0.003, "weight_decay": 0.01},
    "batch": {"size": 64},
    "seed": 0,
}


def stage(name, *, status="done", seconds=3.2, summary="", findings=(), skipped=()):
    return Stage(name=name, status=status, seconds=seconds, summary=summary, findings=findings, skipped=skipped)


def evaluated(model, measures, *, split="test", mistakes=()):
    return Evaluation(model=model, split=split, measures=measures, mistakes=mistakes)


@pytest.fixture
def languages():
    """16 languages; the network wins."""
    table = confusion(LANGUAGES)
    n = 2080

    def measures(accuracy, f1, loss):
        return (
            score("accuracy", accuracy, n),
            score("macro-F1", f1, n),
            score("cross-entropy", loss, n, spread=0.04, larger=False),
        )

    trained = Measures(scores=measures(0.791, 0.786, 0.702), classes=classes(table), confusion=table)
    return Run(
        path=Path("runs/2026-03-14_092653_names"),
        status="done",
        config=CONFIG,
        environment=ENVIRONMENT,
        stages=(
            stage(
                "audit", seconds=2.1, summary="23,512 rows; 13,810 unambiguous ones go on.", findings=(CONTRADICTIONS,)
            ),
            stage("baselines", seconds=9.7, summary="majority 0.083, linear 0.768, boosted 0.611 on valid."),
            stage(
                "preflight",
                seconds=4.4,
                summary="5 checks passed.",
                skipped=(Skipped(name="padding-invariance", reason="no sequence is padded in the probe's batch"),),
            ),
            stage("train", seconds=61.0, summary="1,200 steps; best at step 800.", findings=(OVERFITTING,)),
            stage("evaluate", seconds=1.3, summary="accuracy 0.791 on test."),
        ),
        history=history(),
        evaluations=(
            evaluated("model", trained, mistakes=mistakes(table, NAMES)),
            evaluated("model", Measures(scores=measures(0.803, 0.798, 0.655)), split="valid"),
            evaluated("model", Measures(scores=measures(0.921, 0.92, 0.211)), split="train"),
            evaluated("majority", Measures(scores=measures(0.0821, 0.0095, 2.77))),
            evaluated("linear", Measures(scores=measures(0.768, 0.763, 0.811))),
            evaluated("boosted", Measures(scores=measures(0.612, 0.601, 1.204))),
        ),
        comparisons=(
            comparison("majority", 0.709, 0.688, 0.729, 1e-300),
            comparison("linear", 0.023, 0.0072, 0.0388, 0.0041),
            comparison("boosted", 0.179, 0.158, 0.2, 1e-60),
        ),
        ladder=(
            replace(
                comparison("majority", 0.686, 0.664, 0.707, 1e-300), left="linear", left_effort=Effort(seconds=2.4)
            ),
            replace(comparison("linear", 0.023, 0.0072, 0.0388, 0.0041), left_effort=Effort(seconds=61.0)),
        ),
        untrained=evaluated("model", Measures(scores=measures(0.064, 0.031, 2.79))),
    )


@pytest.fixture
def regression():
    """Amounts; a simple baseline wins."""

    def measures(rmse, mae, r2):
        n = 111
        return Measures(
            scores=(
                score("RMSE", rmse, n, spread=5.1, larger=False),
                score("MAE", mae, n, spread=4.2, larger=False),
                score("R²", r2, n, spread=0.11) if r2 else score("R²", None, n, undefined="all targets are equal"),
            )
        )

    wrong = tuple(
        Mistake(
            id=f"diabetes.csv:{17 * row}",
            inputs=f"age: 0.0{row}, bmi: -0.0{row}1, bp: 0.0{row}3",
            target=f"{60 + 9 * row}",
            decided=f"{240 - 7 * row}",
            cost=4.0 - row / 5,
        )
        for row in range(1, 9)
    )
    return Run(
        path=Path("runs/2026-03-14_101500_diabetes"),
        status="done",
        config={"task": {"name": "regression", "target": "progression"}, "model": {"name": "mlp"}},
        environment=ENVIRONMENT,
        stages=(stage("audit"), stage("baselines"), stage("preflight"), stage("train"), stage("evaluate")),
        history=history(90, start=1.2, end=0.5, metric="R²"),
        evaluations=(
            evaluated("model", measures(57.9, 47.1, 0.42), mistakes=wrong),
            evaluated("mean", measures(76.2, 65.5, None)),
            evaluated("ridge", measures(53.4, 43.0, 0.51)),
        ),
        comparisons=(
            comparison(
                "mean", 0.424, 0.285, 0.564, 1e-5, what=SQUARED, test="paired permutation test", n=111, compared=2
            ),
            comparison(
                "ridge", -0.087, -0.163, -0.011, 0.021, what=SQUARED, test="paired permutation test", n=111, compared=2
            ),
        ),
    )


@pytest.fixture
def gated():
    """Stopped by the audit."""
    overlap = Finding(
        code="D102",
        name="split-overlap",
        severity=Severity.FAILURE,
        seen="131 of 500 test examples are also in training.",
        advice="Split by `question`, not by row, or drop the copies.",
        causes=("train_val_leak",),
        where=("test.csv:4", "test.csv:9"),
        evidence={"test": 131},
        strength=Strength.PROVED,
    )
    return Run(
        path=Path("runs/2026-03-14_111500_trec6"),
        status="gated",
        config=CONFIG,
        environment=ENVIRONMENT,
        stages=(stage("audit", status="gated", summary="1 failure.", findings=(overlap, CONTRADICTIONS)),),
    )


@pytest.fixture
def hostile():
    """Every name and text means harm."""
    labels = HOSTILE
    table = confusion(labels, each=20)
    bad = " ".join(HOSTILE[:8])
    scores = (score(HOSTILE[0], 0.5, 260), score(HOSTILE[5], None, 260, undefined=HOSTILE[1]))
    finding = Finding(
        code=HOSTILE[0],
        name=HOSTILE[1],
        severity=Severity.FAILURE,
        seen=f"`{HOSTILE[2]}` and {HOSTILE[9]}",
        advice=HOSTILE[4],
        causes=(),
        where=HOSTILE,
        evidence={HOSTILE[0]: HOSTILE[2], "rows": [{HOSTILE[1]: text} for text in HOSTILE], "trace": HOSTILE[9]},
    )
    wrong = tuple(
        Mistake(
            id=f"{HOSTILE[0]}:{mistake.id}",
            inputs=mistake.inputs,
            target=mistake.target,
            decided=mistake.decided,
            cost=mistake.cost,
            confidence=None,
        )
        for mistake in mistakes(table, HOSTILE)
    )
    return Run(
        path=Path("runs") / bad.replace("/", "|").replace("\x00", ""),
        status="done",
        config={HOSTILE[0]: {HOSTILE[1]: HOSTILE}, "model": {"name": HOSTILE[4]}},
        environment={"data": dict(zip(HOSTILE, HOSTILE, strict=True))},
        stages=(
            stage(
                HOSTILE[0],
                summary=HOSTILE[1],
                findings=(finding,),
                skipped=(Skipped(name=HOSTILE[2], reason=HOSTILE[3]),),
            ),
        ),
        history=history(30, metric=HOSTILE[0]),
        evaluations=(
            evaluated("model", Measures(scores=scores, classes=classes(table), confusion=table), mistakes=wrong),
            evaluated(HOSTILE[1], Measures(scores=scores)),
        ),
        comparisons=(comparison(HOSTILE[1], 0.02, -0.01, 0.05, 0.3, what=HOSTILE[0], test=HOSTILE[5]),),
    )


@pytest.fixture
def intents(languages):
    """77 classes with long names."""
    labels = [
        f"intent_{number:02d}_about_{'cards' if number % 2 else 'transfers and top-ups by cheque'}"
        for number in range(77)
    ]
    table = confusion(labels, each=40, share=0.9)
    measures = Measures(scores=(score("accuracy", 0.86, 3080),), classes=classes(table), confusion=table)
    return Run(
        path=Path("runs/2026-03-14_120000_banking77"),
        status="done",
        config=languages.config,
        stages=(stage("evaluate"),),
        evaluations=(evaluated("model", measures, mistakes=mistakes(table, NAMES)),),
    )


@pytest.fixture
def golden():
    """Compares a text with a golden file; `KILTER_GOLDEN=write` writes it instead, to be read in the diff."""

    def compare(name, text):
        path = GOLDEN / name
        if os.environ.get("KILTER_GOLDEN") == "write":
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
