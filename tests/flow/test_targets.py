"""Every kind of target goes the whole way: from files to a report, and back to predictions."""

import json
import random

import numpy as np
import pytest

from kilter.export.writing import as_csv
from kilter.project.answering import answer_file
from kilter.project.assembling import build_pipeline, load_dataset
from kilter.project.flow import run_project
from kilter.project.folder import load_run
from kilter.project.reading import read_project

BEGINNINGS, ENDINGS = ("am", "br", "can", "dra", "em", "for", "gar"), ("ber", "idge", "dle", "gon", "est")
WORDS = tuple(beginning + ending for beginning in BEGINNINGS for ending in ENDINGS)
SETTINGS = "name: small\n{}\ntrain: {{length: 3ep}}\n"


def numbers(rows=240):
    """Four numbers a row, and what may be learnt of them: two amounts, two labels, shares of two classes."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 4))
    amounts = np.stack([x[:, 0] + 0.3 * x[:, 1], 50 * x[:, 2]], axis=1) + draw.normal(size=(rows, 2)) * [0.2, 8]
    labels = (x[:, :2] + 0.3 * draw.normal(size=(rows, 2)) > 0).astype(int)
    share = 1 / (1 + np.exp(-2 * x[:, 3]))
    return [
        {
            **{name: round(value, 4) for name, value in zip("pqrs", x[row].tolist(), strict=True)},
            "a": None if row % 7 == 3 else round(amounts[row, 0], 4),
            "b": None if row % 7 == 5 else round(amounts[row, 1], 4),
            "one": None if row % 9 == 4 else int(labels[row, 0]),
            "two": int(labels[row, 1]),
            "no": round(1 - share[row], 4),
            "yes": round(1 - round(1 - share[row], 4), 4),
            "level": "high" if labels[row, 0] else "low",
            "counts": row % 3,
        }
        for row in range(rows)
    ]


def pairs(rows=200):
    draw = random.Random(0)
    made = []
    for _ in range(rows):
        answer = draw.sample(WORDS, 4)
        made.append({"question": " ".join(draw.sample(answer, 3)), "answer": " ".join(answer)})
    return made


def project(folder, task, rows, keep, *overrides, more=""):
    lines = [json.dumps({name: row[name] for name in keep}) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "kilter.yaml").write_text(SETTINGS.format(f"task: {task}\n{more}"), "utf-8")
    return read_project(folder / "kilter.yaml", overrides)


def target(*names):
    return f"data: {{train: rows.jsonl, target: [{', '.join(names)}]}}\n"


@pytest.mark.parametrize(
    ("task", "names", "lead", "baselines", "more"),
    [
        ("regression", ("a", "b"), "mean_r2", {"mean", "ridge", "boosted-regression"}, "loss: huber\n"),
        ("multilabel", ("one", "two"), "micro_f1", {"majority-labels", "linear-labels", "boosted-labels"}, ""),
        (
            "classification",
            ("no", "yes"),
            "accuracy",
            {"majority", "linear", "boosted"},
            "loss: {name: distillation, temperature: 2.0}\n",
        ),
        (
            "multitask",
            ("level", "b"),
            "mean_score",
            {"constant-tasks", "linear-tasks"},
            "loss: {task_weights: {b: 0.5}}\nbatch: {size: 32, sampling: tasks, sampling_exponent: 0.5}\n",
        ),
    ],
)
def test_several_columns_are_learnt_together(tmp_path, task, names, lead, baselines, more):  # noqa: PLR0917
    made = project(tmp_path, task, numbers(), (*"pqrs", *names), more=target(*names) + more)
    run = run_project(made, runs=tmp_path / "runs")

    assert run.status == "done"
    scores = {(e.model, e.split): e for e in run.evaluations}
    assert {model for model, _ in scores} == {"model", *baselines}
    (simplest,) = baselines & {"mean", "majority", "majority-labels", "constant-tasks"}
    network, constant = scores["model", "test"], scores[simplest, "test"]
    assert network.primary.name == lead
    assert network.primary.low < network.primary.value <= network.primary.high
    assert network.primary.value > (constant.primary.value or 0.0)
    assert len(run.comparisons) >= len(baselines)


def test_amounts_are_answered_by_their_quantiles(tmp_path):
    more = "data: {train: rows.jsonl, target: b}\nloss: {name: quantile, quantiles: [0.05, 0.5, 0.95]}\n"
    more += 'expect: {within_90: "> 0.1", beats: median}\n'
    made = project(
        tmp_path, "regression", [row for row in numbers(400) if row["b"] is not None], (*"pqrs", "b"), more=more
    )
    run = run_project(made, runs=tmp_path / "runs")
    scores = {(e.model, e.split): e for e in run.evaluations}
    network, constant = scores["model", "test"], scores["median", "test"]

    assert {model for model, _ in scores} == {"model", "median", "ridge", "boosted-median", "small-mlp"}
    assert network.primary.name == "mae"
    assert network.primary.value < constant.primary.value
    held = {score.name: score for score in network.scores}["within_90"]
    assert (held.meant, held.method) == (0.9, "wilson")
    assert "within_90" not in {score.name for score in constant.scores}
    assert "What its intervals hold" in (run.path / "report.html").read_text("utf-8")
    assert load_run(run.path).evaluation("test").scores == network.scores

    answers = answer_file(run.path, tmp_path / "rows.jsonl")
    for answer in answers:
        low, middle, high = answer.more["quantiles"].values()
        assert low <= middle <= high
        assert answer.decided == middle
    header, first, *_ = as_csv(answers).splitlines()
    assert header == "id,prediction,quantile 0.05,quantile 0.5,quantile 0.95"
    assert first.split(",")[1] == first.split(",")[3]


def test_texts_are_matched(tmp_path):
    made = project(
        tmp_path, "contrastive", pairs(), ("question", "answer"), more="data: {train: rows.jsonl, target: answer}\n"
    )
    run = run_project(made, runs=tmp_path / "runs")
    scores = {(e.model, e.split): e for e in run.evaluations}

    assert {model for model, _ in scores} == {"model", "no-preference", "tfidf-match"}
    assert [score.name for score in scores["model", "test"].scores] == ["mrr", "recall_at_1", "recall_at_10"]
    assert scores["model", "test"].primary.value > 2 * scores["no-preference", "test"].primary.value


def test_weights_of_rows_reach_the_loss_and_the_baselines_and_it_is_said(tmp_path):
    keep = (*"pqrs", "level", "counts")
    settings = "data: {train: rows.jsonl, target: level, weight: counts}\nbaselines: [majority]\n"
    made = project(tmp_path, "classification", numbers(), keep, more=settings)
    dataset = load_dataset(made)
    pipeline, _ = build_pipeline(made, dataset)
    source, weights = pipeline.splits["train"], dataset["train"].columns["counts"]
    batch = source.plain(range(len(source)))
    assert batch.weight.tolist() == weights.tolist()

    model = pipeline.make_model().eval()
    loss = pipeline.task.loss(model(numbers=batch.inputs["numbers"]), batch)
    each = loss.each.detach().numpy()
    counted = [each[row] for row in range(len(source)) for _ in range(int(weights[row]))]
    assert loss.weight.item() == weights.sum()
    assert (loss.total / loss.weight).item() == pytest.approx(np.mean(counted), rel=1e-5)

    run = run_project(made, runs=tmp_path / "runs")
    said = " ".join(str(stage) for stage in run.stages)
    assert "training weighs rows by 'counts', scores count each row once" in said
