"""Padding that reaches the outputs."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from kilter.checks.program.model.padding_seen import PaddingSeen
from kilter.values.finding import Severity, Skipped


class Same(nn.Module):
    def __init__(self, _width):
        super().__init__()

    def forward(self, hidden):
        return hidden


def mean(hidden, _tokens):
    return hidden.mean(1)


def real_mean(hidden, tokens):
    real = (tokens > 0)[..., None].float()
    return (hidden * real).sum(1) / real.sum(1)


class Tagger(nn.Module):
    """Read both ways, packed or not."""

    def __init__(self, *, packed):
        super().__init__()
        self.embedding, self.packed = nn.Embedding(20, 12, padding_idx=0), packed
        self.rnn, self.out = nn.LSTM(12, 16, batch_first=True, bidirectional=True), nn.Linear(32, 3)

    def forward(self, tokens):
        hidden = self.embedding(tokens)
        if not self.packed:
            return self.out(self.rnn(hidden)[0])
        packed = pack_padded_sequence(hidden, (tokens > 0).sum(1), batch_first=True, enforce_sorted=False)
        return self.out(pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=tokens.shape[1])[0])


class Pooled(nn.Module):
    """Frames with their lengths, which are used or not."""

    def __init__(self, *, by_length):
        super().__init__()
        self.first, self.out, self.by_length = nn.Linear(6, 24), nn.Linear(24, 2), by_length

    def forward(self, frames, lengths):
        hidden = F.relu(self.first(frames))
        real = (torch.arange(frames.shape[1]) < lengths[:, None])[..., None].float()
        return self.out((hidden * real).sum(1) / lengths[:, None] if self.by_length else hidden.mean(1))


class Attentive(nn.Module):
    """A batch is a mapping with a mask, the loss is inside."""

    def __init__(self, *, masked):
        super().__init__()
        self.embedding, self.score, self.out, self.masked = (
            nn.Embedding(20, 16),
            nn.Linear(16, 1),
            nn.Linear(16, 2),
            masked,
        )

    def forward(self, input_ids, attention_mask, labels):
        hidden = self.embedding(input_ids)
        scores = self.score(hidden.tanh())[..., 0]
        scores = scores.masked_fill(attention_mask == 0, -1e9) if self.masked else scores
        logits = self.out((scores.softmax(-1)[..., None] * hidden).sum(1))
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def inside(model, optimizer, _loss_fn, batch):
    optimizer.zero_grad()
    loss = model(**batch)["loss"]
    loss.backward()
    optimizer.step()
    return loss


class Flat(nn.Module):
    """Takes one width only."""

    def __init__(self):
        super().__init__()
        self.embedding, self.out = nn.Embedding(20, 8), nn.Linear(14 * 8, 2)

    def forward(self, tokens):
        return self.out(self.embedding(tokens).flatten(1))


@pytest.mark.parametrize("seed", [0, 1])
def test_means_and_last_states_over_padding_are_found(seed, parts, program, findings):
    given = (parts.data.padded, parts.data.verdicts)
    models = [
        lambda: parts.Words(Same, pool=mean),
        lambda: parts.Words(lambda width: nn.GRU(width, width, batch_first=True), pool=lambda hidden, _: hidden[:, -1]),
        lambda: parts.Transformer(masked=False),
    ]
    for model in models:
        (finding,) = findings(PaddingSeen(), program(model, given), seed)
        assert finding.severity is Severity.WARNING
        assert finding.causes == ("padding_leak",)
        assert finding.evidence["pad"] == 0
        assert finding.evidence["change"] > 0.15


def test_padding_up_to_the_longest_of_a_batch_is_found(parts, program, findings):
    pairs = [(row[row > 0], verdict) for row, verdict in zip(parts.data.padded, parts.data.verdicts, strict=True)]

    def collate(some):
        return pad_sequence([row for row, _ in some], batch_first=True), torch.stack([verdict for _, verdict in some])

    loader = DataLoader(pairs, 32, collate_fn=collate)
    assert findings(PaddingSeen(), program(lambda: parts.Words(Same, pool=mean), loader))
    assert not findings(PaddingSeen(), program(lambda: parts.Words(Same, pool=real_mean), loader))


def test_frames_are_judged_where_lengths_say_what_is_padding(parts, program, findings, said):
    given = (parts.data.frames, parts.data.lengths, parts.data.verdicts)
    used = program(lambda: Pooled(by_length=True), given, step=parts.all_to_the_model)
    unused = program(lambda: Pooled(by_length=False), given, step=parts.all_to_the_model)
    assert said(PaddingSeen(), used) == []
    (finding,) = findings(PaddingSeen(), unused)
    assert finding.evidence["pad"] is None


@pytest.mark.parametrize("masked", [True, False])
def test_a_mask_that_the_model_is_given_must_be_used(masked, parts, program, findings):
    rows = [
        {"input_ids": row, "attention_mask": (row > 0).long(), "labels": verdict}
        for row, verdict in zip(parts.data.padded, parts.data.verdicts, strict=True)
    ]
    found = findings(
        PaddingSeen(), program(lambda: Attentive(masked=masked), DataLoader(rows, 32), loss=None, step=inside)
    )
    assert [finding.evidence["argument"] for finding in found] == ([] if masked else ["input_ids"])


def test_masks_pooling_packing_and_edges_are_silent(parts, program, said):
    given = (parts.data.padded, parts.data.verdicts)
    tagged = (parts.data.padded, parts.data.tags)
    assert said(PaddingSeen(), program(lambda: parts.Words(Same, pool=real_mean), given)) == []
    assert said(PaddingSeen(), program(lambda: parts.Transformer(masked=True), given)) == []
    for packed in (True, False):  # the second looks a little over the edge
        tagger = program(lambda packed=packed: Tagger(packed=packed), tagged, loss=parts.by_token, task="tagging")
        assert said(PaddingSeen(), tagger) == []


def test_an_inverted_mask_is_found_by_numbers_that_are_lost(parts, program, findings):
    class Inverted(parts.Transformer):
        def forward(self, tokens):
            hidden = self.embedding(tokens)
            return self.out(self.encoder(hidden, src_key_padding_mask=tokens > 0)[:, 0])

    short = parts.data.lengths < 14
    (finding,) = findings(PaddingSeen(), program(Inverted, (parts.data.padded[short], parts.data.verdicts[short])))
    assert "no numbers" in finding.seen


def test_one_width_and_nothing_padded_are_skipped(parts, program, said):
    (fixed,) = said(PaddingSeen(), program(Flat, (parts.data.padded, parts.data.verdicts)))
    assert isinstance(fixed, Skipped)
    (full,) = said(PaddingSeen(), program(Flat, (parts.data.text, parts.data.verdicts)))
    assert isinstance(full, Skipped)
    assert "padded" in full.reason
