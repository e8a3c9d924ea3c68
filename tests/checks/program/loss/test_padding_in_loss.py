from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.padding_in_loss import PaddingInLoss


def test_padding_that_is_learnt_is_found(build, found, parts):
    tokens, tags = parts["data"]("tags")
    counted = tokens, tags.clamp(min=0)
    text = parts["stepping"](lambda m, _, b: F.cross_entropy(m(b[0][:, :-1]).flatten(0, 1), b[0][:, 1:].flatten()))
    turned = parts["stepping"](lambda m, _, b: F.cross_entropy(m(b[0]).transpose(1, 2), b[1]))
    programs = [
        build("tagging", counted, parts["Tagger"], parts["TokenLoss"]()),
        build("tagging", counted, parts["Tagger"], step=turned, pad=0),
        build("generation", (tokens,), lambda: parts["Tagger"](20), step=text, targets=0),
    ]

    for program in programs:
        assert [one.causes[0] for one in found(PaddingInLoss(), program)] == ["padding_not_masked_in_loss"]


def test_padding_that_is_left_out_is_silent(build, found, parts):
    tokens, tags = parts["data"]("tags")

    def masked(model, _, batch):
        losses = F.cross_entropy(model(batch[0]).transpose(1, 2), batch[1].clamp(min=0), reduction="none")
        return (losses * (batch[0] > 0)).sum() / (batch[0] > 0).sum()

    programs = [
        build("tagging", (tokens, tags), parts["Tagger"], parts["TokenLoss"]()),
        build("tagging", (tokens, tags), parts["Tagger"], step=parts["stepping"](masked)),
        build("classification", parts["data"]("classes"), parts["mlp"], nn.CrossEntropyLoss()),
    ]

    for program in programs:
        assert found(PaddingInLoss(), program) == []
