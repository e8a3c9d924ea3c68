import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.loss.label_places import LabelPlaces


class Shifting(nn.Module):
    """Shifts labels inside, as causal models do."""

    def __init__(self, tagger):
        super().__init__()
        self.tagger = tagger

    def forward(self, input_ids, labels):
        logits = self.tagger(input_ids)
        return {"loss": F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten()), "logits": logits}


def inside(model, optimizer, _, batch):
    optimizer.zero_grad()
    loss = model(**batch)["loss"]
    loss.backward()
    optimizer.step()
    return loss


def texts(build, parts, shift):
    (text,) = parts["data"]("text")
    end = text.shape[1] - shift
    batches = [{"input_ids": text[at : at + 32, :end], "labels": text[at : at + 32, shift:]} for at in (0, 32, 64)]
    return build("generation", (), lambda: Shifting(parts["Tagger"](20)), batches=batches, step=inside)


def test_a_text_that_is_copied_is_found(build, found, parts):
    (text,) = parts["data"]("text")
    program = build("generation", (text, text.clone()), lambda: parts["Tagger"](20), parts["TokenLoss"]())

    assert [one.causes[0] for one in found(LabelPlaces(), program)] == ["labels_shifted"]


def test_a_text_that_is_shifted_twice_is_found_and_once_is_silent(build, found, parts):
    assert [one.causes for one in found(LabelPlaces(), texts(build, parts, 1))] == [("labels_shifted",)]
    assert found(LabelPlaces(), texts(build, parts, 0)) == []


def test_tags_one_place_off_are_found_and_in_place_are_silent(build, found, parts):
    tokens, tags = parts["data"]("tags")
    before = torch.cat([torch.zeros(96, 1).long(), tags[:, :-1].clamp(min=0)], 1)
    off = build("tagging", (tokens, torch.where(tokens > 0, before, -100)), parts["Tagger"], parts["TokenLoss"]())

    assert [one.causes[0] for one in found(LabelPlaces(), off)] == ["labels_shifted"]
    assert found(LabelPlaces(), build("tagging", (tokens, tags), parts["Tagger"], parts["TokenLoss"]())) == []


def test_an_autoencoder_and_an_echo_are_silent(build, found, parts):
    (text,) = parts["data"]("text")
    echo = torch.cat([torch.zeros(96, 1).long(), text[:, :-1]], 1)

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(20, 8)
            self.rnn = nn.GRU(8, 8, batch_first=True, bidirectional=True)
            self.out = nn.Linear(16, 20)

        def forward(self, tokens):
            return self.out(self.rnn(self.embedding(tokens))[0])

    assert found(LabelPlaces(), build("generation", (text, text.clone()), Both, parts["TokenLoss"]())) == []
    assert found(LabelPlaces(), build("tagging", (text, echo), lambda: parts["Tagger"](20), parts["TokenLoss"]())) == []
