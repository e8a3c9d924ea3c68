"""Twelve and more small training programs as text, for `mutations.py` to change a line of.

Each defines EPOCHS, make(seed), step and validate, and is healthy as it stands. What stands in PREFACE is not changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

PREFACE = """
import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.nn.utils.rnn import pack_padded_sequence

def table(load):
    found = load(return_X_y=True)
    order = torch.randperm(len(found[1]), generator=torch.Generator().manual_seed(0))
    return torch.tensor(found[0], dtype=torch.float32)[order], torch.tensor(found[1])[order]

def words(rows=700, longest=14):
    draw = torch.Generator().manual_seed(1)
    lengths = torch.randint(3, longest + 1, (rows,), generator=draw)
    small = torch.rand(rows, longest, generator=draw) < torch.rand(rows, 1, generator=draw)
    below, above = (torch.randint(*ends, (rows, longest), generator=draw) for ends in ((1, 10), (10, 20)))
    tokens = torch.where(small, below, above)
    mask = torch.arange(longest)[None] < lengths[:, None]
    target = (((tokens < 10) & mask).sum(1) * 2 > lengths).long()
    return tokens * mask, lengths, target

def chains(rows=400, length=12):
    draw = torch.Generator().manual_seed(2)
    after = torch.randperm(12, generator=draw)
    tokens = torch.randint(0, 12, (rows, length), generator=draw)
    for at in range(1, length):
        keep = torch.rand(rows, generator=draw) < 0.85
        tokens[:, at] = torch.where(keep, after[tokens[:, at - 1]], tokens[:, at])
    return tokens

def waves(rows=500, length=16):
    draw = torch.Generator().manual_seed(3)
    pace, phase = torch.rand(rows, 1, generator=draw) * 0.6 + 0.3, torch.rand(rows, 1, generator=draw) * 6.28
    wave = torch.sin(pace * torch.arange(length + 1) + phase)
    return wave[:, :-1, None], wave[:, -1]
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A program's text and what a person would say of it."""

    name: str
    task: str
    text: str
    classes: int | None = None
    larger_is_better: bool = True


ACCURACY = """
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    loss, right, count = 0.0, 0, 0
    for x, y in loader:
        outputs = model(x)
        loss += loss_fn(outputs, y).item() * len(y)
        right += (outputs.argmax(dim=-1) == y).sum().item()
        count += len(y)
    return loss / count, right / count
"""

EXPLAINED = """
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    outputs = torch.cat([model(x).squeeze(-1) for x, y in loader])
    target = torch.cat([y for x, y in loader])
    rest = ((outputs - target) ** 2).mean()
    return rest.item(), (1 - rest / target.var()).item()
"""

STEP = """
def step(model, optimizer, loss_fn, batch):
    x, y = batch
    optimizer.zero_grad()
    outputs = model(x)
    loss = loss_fn(outputs, y)
    loss.backward()
    optimizer.step()
    return loss.item()
"""

DIGITS = """
def data():
    x, y = table(datasets.load_digits)
    x = x / 16
    train, valid = TensorDataset(x[:1200], y[:1200]), TensorDataset(x[1200:], y[1200:])
    return DataLoader(train, batch_size=64, shuffle=True), DataLoader(valid, batch_size=256)
"""

MLP = """
EPOCHS = 8
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, 64)
        self.norm = nn.LayerNorm(64)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(64, 10)
    def forward(self, x):
        state = self.hidden(x)
        state = self.norm(state)
        state = torch.relu(state)
        state = self.drop(state)
        return self.out(state)
"""

MAKE_ADAM = """
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
"""

CNN = """
EPOCHS = 5
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(16)
        self.out = nn.Linear(64, 10)
    def forward(self, x):
        x = x.view(-1, 1, 8, 8)
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(torch.relu(self.bn2(self.conv2(x))), 2)
        return self.out(x.flatten(1))
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=0.0001)
    optimizer.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=95)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    x, y = batch
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    optimizer.scheduler.step()
    return loss.item()
"""

ROWS = """
EPOCHS = 10
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(8, 32, batch_first=True)
        self.out = nn.Linear(32, 10)
    def forward(self, x):
        states, _ = self.rnn(x.view(-1, 8, 8))
        last = states[:, -1]
        return self.out(last)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.005)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
"""

CANCER = """
EPOCHS = 10
def data():
    x, y = table(datasets.load_breast_cancer)
    y = y.float()
    mean, std = x[:400].mean(dim=0), x[:400].std(dim=0)
    x = (x - mean) / std
    train, valid = TensorDataset(x[:400], y[:400]), TensorDataset(x[400:], y[400:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=256)
def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005, weight_decay=0.01)
    train, valid = data()
    return model, optimizer, nn.BCEWithLogitsLoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    x, y = batch
    optimizer.zero_grad()
    outputs = model(x).squeeze(1)
    loss = loss_fn(outputs, y)
    loss.backward()
    optimizer.step()
    return loss.item()
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    outputs = torch.cat([model(x).squeeze(1) for x, y in loader])
    target = torch.cat([y for x, y in loader])
    right = (outputs > 0) == (target > 0.5)
    return loss_fn(outputs, target).item(), right.float().mean().item()
"""

FRIEDMAN = """
EPOCHS = 15
def data():
    x, y = datasets.make_friedman1(800, 10, noise=0.5, random_state=2)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    x = (x - x[:600].mean(dim=0)) / x[:600].std(dim=0)
    y = (y - y[:600].mean()) / y[:600].std()
    train, valid = TensorDataset(x[:600], y[:600]), TensorDataset(x[600:], y[600:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=256)
def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    train, valid = data()
    return model, optimizer, nn.MSELoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    x, y = batch
    outputs = model(x)
    loss = loss_fn(outputs.squeeze(1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
"""

WORDS = """
EPOCHS = 8
def data():
    tokens, lengths, y = words()
    train, valid = TensorDataset(tokens[:500], y[:500]), TensorDataset(tokens[500:], y[500:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=256)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 16, padding_idx=0)
        self.hidden = nn.Linear(16, 24)
        self.out = nn.Linear(24, 2)
    def forward(self, tokens):
        mask = (tokens != 0).float()
        state = self.embedding(tokens) * mask.unsqueeze(-1)
        state = state.sum(dim=1) / mask.sum(dim=1, keepdim=True)
        state = torch.relu(self.hidden(state))
        return self.out(state)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(label_smoothing=0.05), train, valid
"""

ATTENTION = """
EPOCHS = 6
def data():
    tokens, lengths, y = words()
    train, valid = TensorDataset(tokens[:500], y[:500]), TensorDataset(tokens[500:], y[500:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=256)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 24)
        self.places = nn.Parameter(0.02 * torch.randn(1, 14, 24))
        self.layer = nn.TransformerEncoderLayer(24, 4, 48, dropout=0.0, batch_first=True, norm_first=True)
        self.out = nn.Linear(24, 2)
    def forward(self, tokens):
        padding = tokens == 0
        state = self.embedding(tokens) + self.places
        state = self.layer(state, src_key_padding_mask=padding)
        state = state.masked_fill(padding.unsqueeze(-1), 0.0)
        state = state.sum(dim=1) / (~padding).sum(dim=1, keepdim=True)
        return self.out(state)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    optimizer.scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 16))
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    tokens, y = batch
    optimizer.zero_grad()
    outputs = model(tokens)
    loss = loss_fn(outputs, y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.scheduler.step()
    return loss.item()
"""

PACKED = """
EPOCHS = 8
def data():
    tokens, lengths, y = words()
    train = TensorDataset(tokens[:500], lengths[:500], y[:500])
    valid = TensorDataset(tokens[500:], lengths[500:], y[500:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=256)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 12)
        self.rnn = nn.GRU(12, 24, batch_first=True)
        self.out = nn.Linear(24, 2)
    def forward(self, tokens, lengths):
        state = self.embedding(tokens)
        packed = pack_padded_sequence(state, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.rnn(packed)
        return self.out(last[-1])
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    tokens, lengths, y = batch
    optimizer.zero_grad()
    loss = loss_fn(model(tokens, lengths), y)
    loss.backward()
    optimizer.step()
    return loss.item()
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    right, count = 0, 0
    for tokens, lengths, y in loader:
        outputs = model(tokens, lengths)
        loss = loss_fn(outputs, y)
        right += (outputs.argmax(dim=-1) == y).sum().item()
        count += len(y)
    return loss.item(), right / count
"""

LANGUAGE = """
EPOCHS = 8
def data():
    tokens = chains()
    train, valid = TensorDataset(tokens[:300]), TensorDataset(tokens[300:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=128)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(12, 24)
        self.places = nn.Embedding(12, 24)
        self.layer = nn.TransformerEncoderLayer(24, 2, 48, dropout=0.0, batch_first=True, norm_first=True)
        self.out = nn.Linear(24, 12)
    def forward(self, tokens):
        length = tokens.shape[1]
        state = self.embedding(tokens) + self.places(torch.arange(length))
        mask = torch.triu(torch.ones(length, length, dtype=torch.bool), diagonal=1)
        state = self.layer(state, src_mask=mask, is_causal=True)
        return self.out(state)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    train, valid = data()
    return model, optimizer, nn.CrossEntropyLoss(), train, valid
def step(model, optimizer, loss_fn, batch):
    (tokens,) = batch
    given, wanted = tokens[:, :-1], tokens[:, 1:]
    optimizer.zero_grad()
    outputs = model(given)
    loss = loss_fn(outputs.reshape(-1, 12), wanted.reshape(-1))
    loss.backward()
    optimizer.step()
    return loss.item()
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    right, losses = [], []
    for (tokens,) in loader:
        outputs = model(tokens[:, :-1])
        losses.append(loss_fn(outputs.reshape(-1, 12), tokens[:, 1:].reshape(-1)))
        right.append((outputs.argmax(dim=-1) == tokens[:, 1:]).float().mean())
    return torch.stack(losses).mean().item(), torch.stack(right).mean().item()
"""

FORECAST = """
EPOCHS = 10
def data():
    x, y = waves()
    train, valid = TensorDataset(x[:380], y[:380]), TensorDataset(x[380:], y[380:])
    return DataLoader(train, batch_size=32, shuffle=True), DataLoader(valid, batch_size=128)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(1, 24, batch_first=True)
        self.out = nn.Linear(24, 1)
    def forward(self, x):
        states, last = self.rnn(x)
        return self.out(last[0]).squeeze(-1)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train, valid = data()
    return model, optimizer, nn.SmoothL1Loss(), train, valid
"""

SIAMESE = """
EPOCHS = 6
def data():
    x, y = table(datasets.load_digits)
    x = x / 16
    other = torch.where(torch.arange(len(y)) % 2 == 0, 0, 1)
    partner = torch.stack([torch.nonzero((y == (y[i] + other[i]) % 10))[i % 100, 0] for i in range(len(y))])
    same = (y == y[partner]).float()
    train = TensorDataset(x[:1200], x[partner][:1200], same[:1200])
    valid = TensorDataset(x[1200:], x[partner][1200:], same[1200:])
    return DataLoader(train, batch_size=64, shuffle=True), DataLoader(valid, batch_size=256)
def contrastive(distance, same):
    near = same * distance ** 2
    far = (1 - same) * torch.clamp(1.0 - distance, min=0.0) ** 2
    return (near + far).mean()
def make(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 8))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    train, valid = data()
    return model, optimizer, contrastive, train, valid
def step(model, optimizer, loss_fn, batch):
    first, second, same = batch
    optimizer.zero_grad()
    distance = (model(first) - model(second)).norm(dim=1)
    loss = loss_fn(distance, same)
    loss.backward()
    optimizer.step()
    return loss.item()
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    losses, right = [], []
    for first, second, same in loader:
        distance = (model(first) - model(second)).norm(dim=1)
        losses.append(loss_fn(distance, same))
        right.append(((distance < 0.5) == (same > 0.5)).float())
    return torch.stack(losses).mean().item(), torch.cat(right).mean().item()
"""

AUTOENCODER = """
EPOCHS = 12
def data():
    x, y = table(datasets.load_digits)
    x = x / 16
    return DataLoader(x[:1200], batch_size=32, shuffle=True), DataLoader(x[1200:], batch_size=256)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 12))
        self.decoder = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 64))
    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code)
def make(seed):
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    train, valid = data()
    return model, optimizer, nn.MSELoss(), train, valid
def step(model, optimizer, loss_fn, x):
    optimizer.zero_grad()
    loss = loss_fn(model(x), x)
    loss.backward()
    optimizer.step()
    return loss.item()
@torch.no_grad()
def validate(model, loss_fn, loader):
    model.eval()
    x = torch.cat(list(loader))
    rest = loss_fn(model(x), x)
    return rest.item(), (1 - rest / x.var(dim=0).mean()).item()
"""

SOURCES: tuple[Source, ...] = (
    Source(name="mlp", task="classification", classes=10, text=MLP + DIGITS + MAKE_ADAM + STEP + ACCURACY),
    Source(name="cnn", task="classification", classes=10, text=CNN + DIGITS + ACCURACY),
    Source(name="rows", task="classification", classes=10, text=ROWS + DIGITS + STEP + ACCURACY),
    Source(name="cancer", task="classification", classes=2, text=CANCER),
    Source(name="friedman", task="regression", text=FRIEDMAN + EXPLAINED),
    Source(name="words", task="classification", classes=2, text=WORDS + STEP + ACCURACY),
    Source(name="attention", task="classification", classes=2, text=ATTENTION + ACCURACY),
    Source(name="packed", task="classification", classes=2, text=PACKED),
    Source(name="language", task="generation", classes=12, text=LANGUAGE),
    Source(name="forecast", task="regression", text=FORECAST + STEP + EXPLAINED),
    Source(name="siamese", task="contrastive", text=SIAMESE),
    Source(name="autoencoder", task="other", text=AUTOENCODER),
)
