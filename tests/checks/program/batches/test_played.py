"""Validation over answers that were made up."""

import pytest
import torch
from torch import nn

from kilter.checks.program.batches.played import Script, output_kind, play, stage
from kilter.values.program import OutputKind


def _right(_at):
    return True


def _wrong(_at):
    return False


def test_right_and_wrong_answers_score_one_and_nought(make, sets):
    bench = make(sets["digits"]())
    made, kind = stage(bench)
    assert kind is OutputKind.LOGITS
    assert play(bench, made, Script(right=_right), kind).metric == 1
    wrong = play(bench, made, Script(right=_wrong), kind)
    assert (wrong.metric, wrong.missed) == (0, 0)
    assert sum(wrong.rows) == 719


def test_batches_are_answered_one_by_one(make, sets):
    bench = make(sets["digits"]())
    made, kind = stage(bench)
    first = play(bench, made, Script(right=lambda at: at == 0), kind)
    assert first.metric == pytest.approx(128 / 719)


@pytest.mark.parametrize("last", [nn.Softmax(-1), nn.LogSoftmax(-1), nn.Identity()])
def test_answers_are_of_the_models_kind(make, sets, parts, last):
    bench = make(sets["digits"](), lambda: nn.Sequential(parts["mlp"](64, 10), last), loss_fn=nn.NLLLoss())
    made, kind = stage(bench)
    kinds = {nn.Softmax: OutputKind.PROBABILITIES, nn.LogSoftmax: OutputKind.LOG_PROBABILITIES}
    assert kind is kinds.get(type(last), OutputKind.LOGITS)
    assert play(bench, made, Script(right=_right), kind).metric == 1


def test_amounts_and_their_opposites(make, sets, parts):
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    bench = make(sets["diabetes"](), lambda: parts["mlp"](10, 1), **about)
    made, kind = stage(bench)
    assert play(bench, made, Script(right=_right), kind).metric == pytest.approx(1)
    assert play(bench, made, Script(right=_wrong), kind).metric < -2


def test_classes_in_the_second_dimension(make):
    x = torch.randint(1, 9, (80, 6), generator=torch.Generator().manual_seed(0))
    y = torch.where(x > 6, -100, x % 3)

    class Tags(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(9, 3)

        def forward(self, tokens):
            return self.embedding(tokens).transpose(1, 2)

    def validate(model, loss_fn, loader):
        pairs = [(model(tokens).argmax(1), tags) for tokens, tags in loader]
        hits = torch.cat([(said == tags)[tags != -100].float() for said, tags in pairs])
        return 0.0, float(hits.mean())

    bench = make((x, y, x, y), Tags, task="tagging", validate=validate)
    made, kind = stage(bench)
    assert play(bench, made, Script(right=_right), kind).metric == 1
    assert play(bench, made, Script(right=_wrong), kind).metric == 0


def test_the_model_is_left_as_it_was(make, sets):
    bench = make(sets["digits"]())
    made, kind = stage(bench)
    before = bench.program.validate(made.model, made.loss_fn, made.valid)
    play(bench, made, Script(right=_right), kind)
    assert bench.program.validate(made.model, made.loss_fn, made.valid) == before


def test_what_cannot_be_staged_says_why(make, sets):
    assert "no validation" in stage(make(sets["digits"](), validate=None))
    assert "cannot be told" in stage(make(sets["digits"](), task="other"))


def test_what_the_author_says_of_the_outputs_holds(make, sets):
    bench = make(sets["digits"](), output="values")
    assert output_kind(bench, [torch.zeros(2, 2)]) is OutputKind.VALUES
