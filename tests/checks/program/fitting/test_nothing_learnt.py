"""A training that learns nothing is told from one that learns, and from one that is merely hard to judge."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.checks.program.fitting.nothing_learnt import NothingLearnt
from kilter.values.finding import Severity, Skipped
from kilter.values.pipeline import Pipeline


class Tagger(nn.Module):
    """A class for each token, from the tokens up to it; or nothing but one answer."""

    def __init__(self, *, poor):
        super().__init__()
        self.poor = poor
        self.embedding = nn.Embedding(12, 16)
        self.net = nn.GRU(16, 32, batch_first=True)
        self.head = nn.Linear(32, 4)

    def forward(self, tokens):
        seen = self.net(self.embedding(tokens))[0]
        return self.head(seen * 0 if self.poor else seen)


def sequences(shift):
    tokens = torch.randint(0, 12, (360, 10), generator=torch.Generator().manual_seed(0))
    tags = tokens % 4
    return tokens, torch.cat([tags[:, shift:], torch.full((360, shift), -100)], 1)


def program(shift=0, *, poor=False, epochs=5):
    x, y = sequences(shift)

    def make(seed):
        torch.manual_seed(seed)
        model = Tagger(poor=poor)
        train = DataLoader(TensorDataset(x[:200], y[:200]), 20, shuffle=True)
        valid = DataLoader(TensorDataset(x[200:], y[200:]), 80)
        return model, torch.optim.Adam(model.parameters(), lr=1e-2), of_tokens, train, valid

    return Bench(program=Pipeline.from_loop(make, task="tagging", classes=4, epochs=epochs))


def of_tokens(outputs, targets):
    return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def test_tags_that_slipped_are_known_by_heart_and_not_learnt():
    (found,) = NothingLearnt().examine(program(shift=3))
    assert found.severity is Severity.WARNING
    assert found.causes[0] == "labels_shifted"
    assert found.evidence["one batch"] > 0.9


def test_a_model_that_sees_nothing_does_not_even_know_one_batch():
    (found,) = NothingLearnt().examine(program(poor=True))
    assert found.evidence["one batch"] < 0.5
    assert found.causes[0] != "labels_shifted"


def test_silent_where_something_is_learnt():
    assert list(NothingLearnt().examine(program())) == []


@pytest.mark.parametrize("task", ["other", "contrastive"])
def test_skipped_where_nothing_says_how_good_answers_are(task):
    bench = program(epochs=1)
    other = Bench(program=Pipeline.from_loop(bench.program.make, task=task, epochs=1))
    (said,) = NothingLearnt().examine(other)
    assert isinstance(said, Skipped)
