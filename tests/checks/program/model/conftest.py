"""Small programs for checks of the model: data, and what people build on it."""

from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.values.finding import Finding, Severity
from kilter.values.program import Kind, Program

ROWS, PLACES, VOCABULARY = 160, 14, 20


def _draw(seed):
    return torch.Generator().manual_seed(seed)


class Data:
    """Inputs and targets of many kinds; the same each time."""

    numbers = torch.randn(ROWS, 12, generator=_draw(0))
    classes = (numbers[:, 0] > 0).long() + (numbers[:, 1] * numbers[:, 2] > 0).long()
    values = (numbers[:, 0] * numbers[:, 1] + numbers[:, 2])[:, None]
    pictures = torch.randn(ROWS, 3, 10, 10, generator=_draw(2))
    sides = (pictures.mean((1, 2, 3)) > 0).long()
    text = torch.randint(1, VOCABULARY, (ROWS, PLACES), generator=_draw(3))
    lengths = torch.randint(3, PLACES + 1, (ROWS,), generator=_draw(4))
    padded = text * (torch.arange(PLACES) < lengths[:, None])
    frames = torch.randn(ROWS, PLACES, 6, generator=_draw(6)) * (torch.arange(PLACES) < lengths[:, None])[..., None]
    series = torch.randn(ROWS, 20, 2, generator=_draw(7)).cumsum(1) * 0.2
    verdicts = (text.sum(1) > 10 * PLACES).long()
    tags = torch.where(padded > 0, padded % 3, -100)


def mlp(*widths, act=nn.ReLU, norm=None):
    """Linear layers with a function, and maybe a normalisation, between them."""
    layers = []
    for wide, narrow in pairwise(widths[:-1]):
        layers += [nn.Linear(wide, narrow), *([norm(narrow)] if norm else []), act()]
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


def by_token(outputs, targets):
    """Cross-entropy over tokens."""
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def all_to_the_model(model, optimizer, loss_fn, batch):
    """A step of a model that takes everything but the last part of the batch."""
    *inputs, targets = batch
    optimizer.zero_grad()
    loss = loss_fn(model(*inputs), targets)
    loss.backward()
    optimizer.step()
    return loss


class Words(nn.Module):
    """Embedded tokens, something over them, an answer for all or for each."""

    def __init__(self, over, answers=2, *, width=16, pool=None):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.over = over(width)
        self.out = nn.Linear(width, answers)
        self.pool = pool

    def forward(self, tokens):
        hidden = self.over(self.embedding(tokens))
        hidden = hidden[0] if isinstance(hidden, tuple) else hidden
        return self.out(self.pool(hidden, tokens) if self.pool else hidden)


class Transformer(nn.Module):
    """A small encoder; masks as said."""

    def __init__(self, answers=2, *, masked=True, mask=None, pooled=True, width=24):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.places = nn.Parameter(torch.randn(64, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 4, 48, 0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(width, answers)
        self.masked, self.mask, self.pooled = masked, mask, pooled

    def forward(self, tokens):
        width = tokens.shape[1]
        hidden = self.embedding(tokens) + self.places[:width]
        mask = None if self.mask is None else self.mask(width)
        hidden = self.encoder(hidden, mask=mask, src_key_padding_mask=(tokens == 0) if self.masked else None)
        if not self.pooled:
            return self.out(hidden)
        real = (tokens > 0 if self.masked else tokens >= 0)[..., None].float()
        return self.out((hidden * real).sum(1) / real.sum(1))


class Residual(nn.Module):
    """Branches whose gates begin at a value."""

    def __init__(self, gate=0.0, blocks=6, width=32):
        super().__init__()
        self.first = nn.Linear(12, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 48), nn.GELU(), nn.Linear(48, width))
            for _ in range(blocks)
        )
        self.gates = nn.ParameterList([nn.Parameter(torch.full((width,), gate)) for _ in range(blocks)])
        self.out = nn.Linear(width, 3)

    def forward(self, numbers):
        hidden = self.first(numbers)
        for block, gate in zip(self.blocks, self.gates, strict=True):
            hidden = hidden + gate * block(hidden)
        return self.out(hidden)


class Parts:
    """What tests build programs from."""

    data = Data
    mlp = staticmethod(mlp)
    by_token = staticmethod(by_token)
    all_to_the_model = staticmethod(all_to_the_model)
    Words = Words
    Transformer = Transformer
    Residual = Residual


@pytest.fixture
def parts():
    return Parts


@pytest.fixture
def program():
    """(model, tensors, ...) -> Program; tensors may be a loader, too."""

    def built(model, given, *, loss=nn.CrossEntropyLoss, task="classification", optimizer=None, size=32, **more):
        def make(seed):
            torch.manual_seed(seed)
            network = model()
            order = torch.Generator().manual_seed(seed)
            loader = (
                DataLoader(TensorDataset(*given), size, shuffle=True, generator=order)
                if isinstance(given, tuple)
                else given
            )
            own = optimizer(network) if optimizer else torch.optim.Adam(network.parameters(), lr=1e-3)
            return network, own, loss() if isinstance(loss, type) else loss, loader, None

        return Program(make=make, task=Kind(task), epochs=more.pop("epochs", 5), **more)

    return built


@pytest.fixture
def bench():
    return lambda program, seed=0: Bench(program=program, seed=seed)


@pytest.fixture
def findings():
    """(check, program) -> what is worse than a note."""

    def found(check, program, seed=0):
        said = list(check.examine(Bench(program=program, seed=seed)))
        return [one for one in said if isinstance(one, Finding) and one.severity >= Severity.WARNING]

    return found


@pytest.fixture
def said():
    """(check, program) -> all that it says."""
    return lambda check, program, seed=0: list(check.examine(Bench(program=program, seed=seed)))
