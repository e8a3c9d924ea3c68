"""Outputs that depend on the neighbours in the batch."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.data import DataLoader

from kilter.checks.program.model.rows_mixed import RowsMixed
from kilter.values.finding import Severity, Skipped, Strength


class Turned(nn.Module):
    """A view where a transposition was meant."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Linear(12, 24), nn.Linear(24, 3)

    def forward(self, numbers):
        return self.out(F.relu(self.first(numbers).view(24, -1).T))


class Normed(nn.Module):
    """Standardised by the batch, evaluation included."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, numbers):
        return self.net((numbers - numbers.mean(0)) / numbers.std(0))


class AmongRows(nn.Module):
    """Attention over examples."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Linear(12, 16), nn.Linear(16, 3)

    def forward(self, numbers):
        hidden = self.first(numbers)
        return self.out(F.relu((hidden @ hidden.T).softmax(-1) @ hidden))


class Rows(nn.Module):
    """Twelve numbers read as four places of three; time stands first unless said otherwise."""

    def __init__(self, *, first):
        super().__init__()
        self.rnn, self.out = nn.GRU(3, 16, batch_first=first), nn.Linear(16, 3)

    def forward(self, numbers):
        return self.out(self.rnn(numbers.view(-1, 4, 3))[0][:, -1])


class Packed(nn.Module):
    """Lengths go with the tokens."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.rnn, self.out = nn.LSTM(8, 8, batch_first=True, bidirectional=True), nn.Linear(16, 2)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        return self.out(self.rnn(packed)[1][0].transpose(0, 1).flatten(1))


class Graph(nn.Module):
    """Rows are nodes that are meant to meet."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(12, 3)

    def forward(self, nodes, edges):
        near = torch.zeros(len(nodes), len(nodes)).index_put((edges[0], edges[1]), torch.tensor(1.0))
        return self.out(nodes + near @ nodes)


class Matching(nn.Module):
    """Each left one with each right one."""

    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(12, 8), nn.Linear(12, 8)

    def forward(self, left, right):
        return self.left(left) @ self.right(right).T


class Carrying(nn.Module):
    """Its state goes on from call to call."""

    def __init__(self):
        super().__init__()
        self.rnn, self.out, self.state = nn.GRU(12, 8, batch_first=True), nn.Linear(8, 3), None

    def forward(self, numbers):
        state = self.state if self.state is not None and self.state.shape[1] == len(numbers) else None
        hidden, state = self.rnn(numbers[:, None], state)
        self.state = state.detach()
        return self.out(hidden[:, -1])


@pytest.mark.parametrize("model", [Turned, Normed, AmongRows, lambda: Rows(first=False)])
@pytest.mark.parametrize("seed", [0, 1])
def test_mixed_examples_are_a_proved_failure(model, seed, parts, program, findings):
    (finding,) = findings(RowsMixed(), program(model, (parts.data.numbers, parts.data.classes)), seed)
    assert finding.severity is Severity.FAILURE
    assert finding.strength is Strength.PROVED
    assert finding.causes[0] == "batch_dim_mixing"
    assert finding.evidence["change"] > 1e-3


def test_a_tagger_that_takes_the_batch_for_time_is_found_where_the_loader_says_which_is_which(parts, program, findings):
    def model():
        return parts.Words(lambda width: nn.LSTM(width, width), 3)

    targets = parts.data.text % 3
    faulty = program(model, (parts.data.text, targets), loss=parts.by_token, task="tagging")
    assert [finding.causes[0] for finding in findings(RowsMixed(), faulty)] == ["batch_dim_mixing"]


@pytest.mark.parametrize(
    "model",
    [
        lambda: Rows(first=True),
        Carrying,
        lambda: nn.Sequential(nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)),
    ],
)
def test_healthy_models_of_numbers_are_silent(model, parts, program, said):
    assert said(RowsMixed(), program(model, (parts.data.numbers, parts.data.classes))) == []


def test_time_may_stand_first(parts, program, said):
    def model():
        return parts.Words(lambda width: nn.LSTM(width, width), 20)

    pieces = [(part.T[:-1].contiguous(), part.T[1:].contiguous()) for part in parts.data.text.split(20)]
    assert said(RowsMixed(), program(model, pieces, loss=parts.by_token, task="generation")) == []
    collated = DataLoader(list(parts.data.text), 20, collate_fn=lambda some: (torch.stack(some).T,) * 2)
    assert said(RowsMixed(), program(model, collated, loss=parts.by_token, task="tagging")) == []


def test_packed_sequences_are_silent(parts, program, said):
    given = (parts.data.padded, parts.data.lengths, parts.data.verdicts)
    assert said(RowsMixed(), program(Packed, given, step=parts.all_to_the_model)) == []


def test_mixtures_made_by_the_step_are_not_the_models(parts, program, said):
    def step(model, optimizer, loss_fn, batch):
        numbers, classes = batch
        optimizer.zero_grad()
        loss = loss_fn(model(0.7 * numbers + 0.3 * numbers[torch.randperm(len(numbers))]), classes)
        loss.backward()
        optimizer.step()

    model = program(lambda: parts.mlp(12, 16, 3), (parts.data.numbers, parts.data.classes), step=step)
    assert said(RowsMixed(), model) == []


def test_what_compares_all_with_all_and_what_is_a_graph_is_skipped(parts, program, said):
    numbers = parts.data.numbers

    def step(model, optimizer, loss_fn, batch):
        return parts.all_to_the_model(model, optimizer, loss_fn, (*batch, torch.arange(len(batch[0]))))

    (matched,) = said(RowsMixed(), program(Matching, (numbers, numbers.flip(0)), task="contrastive", step=step))
    assert isinstance(matched, Skipped)
    edges = torch.randint(0, 60, (2, 200), generator=torch.Generator().manual_seed(0))
    one = [(numbers[:60], edges, parts.data.classes[:60])]
    (graph,) = said(RowsMixed(), program(Graph, one, step=parts.all_to_the_model))
    assert isinstance(graph, Skipped)
    assert "graph" in graph.reason
    (single,) = said(RowsMixed(), program(lambda: nn.Linear(12, 3), (numbers, parts.data.classes), size=1))
    assert isinstance(single, Skipped)
