"""What a model makes of an example."""

import math

import pytest
import torch

from kilter.engine.forwarding import forward
from kilter.engine.predicting import evaluating
from kilter.project.decisions import as_answer, as_decision
from kilter.testing.healthy.sequence_pipelines import ENTRIES, TAGS, of_match, of_next, of_text, of_tokens


def answered(pipeline, row=0):
    torch.manual_seed(0)
    model = pipeline.make_model()
    batch = pipeline.splits["train"].plain([row])
    with evaluating(model):
        return model, batch, forward(pipeline, model, batch)


def test_each_token_has_its_likeliest_tag_and_the_true_one():
    pipeline = of_tokens()
    _, batch, outputs = answered(pipeline)
    words = [f"word{place}" for place in range(batch.inputs["tokens"].shape[1])]
    passage = as_answer(pipeline, batch, outputs, words)
    assert [row[1] for row in passage.rows] == words
    assert [row[2] for row in passage.rows] == [TAGS[n] for n in outputs[0].argmax(-1).tolist()]
    assert [row[4] for row in passage.rows] == [TAGS[n] for n in batch.target[0].tolist()]


def test_each_next_token_has_its_nats():
    pipeline = of_next()
    _, batch, outputs = answered(pipeline)
    passage = as_answer(pipeline, batch, outputs, ENTRIES)
    nats = torch.nn.functional.cross_entropy(outputs[0], batch.target[0], reduction="none").tolist()
    assert [float(row[3]) for row in passage.rows] == pytest.approx(nats, rel=1e-3)
    assert passage.rows[0][1] == "(begin)"
    assert passage.rows[-1][2] == "(end)"
    decided = as_decision(pipeline, None, batch, outputs, pipeline.splits["train"].targets[0])
    assert f"Its loss is {sum(nats) / len(nats):.4g}" in decided.said
    assert f"knowing nothing costs {math.log(len(ENTRIES)):.4g}" in decided.said


def test_a_text_is_decided_by_writing_it():
    pipeline = of_text()
    model, batch, outputs = answered(pipeline)
    passage = as_decision(pipeline, model, batch, outputs, pipeline.splits["train"].targets[0])
    assert [row[0] for row in passage.rows] == ["written", "true"]


def test_two_places_are_compared():
    pipeline = of_match()
    _, batch, outputs = answered(pipeline)
    passage = as_answer(pipeline, batch, outputs, ())
    assert f"{float(outputs['left'][0] @ outputs['right'][0]):.4g}" in passage.said
    assert [row[0] for row in passage.rows] == ["left", "right"]
