"""Ten trainings whose largest batch is looked for; four more were chosen when the finder was finished."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

CLASSES = 10
WORDS = 5000


class Subject(NamedTuple):
    """A training, and the memory that it gets beside what its process holds before."""

    name: str
    make: Callable[[], Any]
    room: int  # MiB


def _pipeline(make_model: Callable[[], nn.Module], inputs: dict[str, Any], **sections: Any) -> Pipeline:
    rows = len(next(iter(inputs.values())))
    targets = np.random.default_rng(1).integers(0, CLASSES, rows)
    held_out = max(1, rows // 10)
    splits = {
        "train": ArraySource({n: t[held_out:] for n, t in inputs.items()}, targets[held_out:], size=32),
        "valid": ArraySource({n: t[:held_out] for n, t in inputs.items()}, targets[:held_out], size=32),
    }
    recipe = Recipe.read({"batch": {"size": 32}, **sections})
    task = Classification(labels=tuple("0123456789"))
    return Pipeline(task=task, make_model=make_model, splits=splits, recipe=recipe)


def _texts(rows: int, longest: int) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    lengths = draw.integers(longest // 4, longest + 1, rows)
    mask = np.arange(longest) < lengths[:, None]
    words = np.where(mask, draw.integers(1, WORDS, (rows, longest)), 0).astype(np.int64)
    return {"tokens": torch.from_numpy(words), "mask": torch.from_numpy(mask)}


def _numbers(rows: int, *shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal((rows, *shape), dtype=np.float32))


def perceptron() -> Pipeline:
    """Three layers over numbers, AdamW."""
    make = functools.partial(_perceptron, 64, 512)
    return _pipeline(make, {"numbers": _numbers(60_000, 64)})


def _perceptron(columns: int, width: int) -> nn.Module:
    return nn.Sequential(
        nn.Linear(columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, CLASSES)
    )


def convolutions() -> Pipeline:
    """Convolutions with batch norm over small images, plain descent with momentum."""
    sections = {"optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}}
    return _pipeline(_convolutions, {"image": _numbers(4000, 3, 32, 32)}, **sections)


def _convolutions() -> nn.Module:
    def block(before: int, after: int) -> list[nn.Module]:
        return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]

    layers = [*block(3, 16), *block(16, 32), *block(32, 32)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 16, CLASSES))


class Bag(nn.Module):
    """The mean of many embeddings: nearly all memory is weights and optimizer state."""

    def __init__(self, words: int, width: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width, padding_idx=0)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits."""
        shown = self.embed(tokens) * mask[..., None]
        return self.out(shown.sum(1) / mask.sum(1, keepdim=True))


def bag() -> Pipeline:
    """A bag of words with a large table."""
    return _pipeline(functools.partial(Bag, 100_000, 64), _texts(8000, 64))


class Recurrent(nn.Module):
    """A bidirectional LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, 64, padding_idx=0)
        self.read = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.out = nn.Linear(128, CLASSES)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits."""
        states, _ = self.read(self.embed(tokens))
        return self.out((states * mask[..., None]).max(1).values)


def recurrent() -> Pipeline:
    """A bidirectional LSTM over short texts."""
    return _pipeline(Recurrent, _texts(4000, 60))


class Attentive(nn.Module):
    """Transformer layers over texts."""

    def __init__(self, layers: int, width: int, longest: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(WORDS, width, padding_idx=0)
        self.place = nn.Parameter(torch.zeros(longest, width))
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.out = nn.Linear(width, CLASSES)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits."""
        shown = self.embed(tokens) + self.place[: tokens.shape[1]]
        seen = self.layers(shown, src_key_padding_mask=~mask)
        return self.out((seen * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


def transformer() -> Pipeline:
    """Two transformer layers."""
    return _pipeline(functools.partial(Attentive, 2, 64, 64), _texts(3000, 64))


def long_texts() -> Pipeline:
    """One layer over long texts: attention is most of what is held."""
    return _pipeline(functools.partial(Attentive, 1, 32, 512), _texts(600, 512))


class Table(nn.Module):
    """Numbers and categories, batch norm and residual layers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.ModuleList(nn.Embedding(count, 8) for count in (1000, 200, 50, 12))
        self.first = nn.Linear(20 + 32, 256)
        self.norms = nn.ModuleList(nn.BatchNorm1d(256) for _ in range(3))
        self.layers = nn.ModuleList(nn.Linear(256, 256) for _ in range(3))
        self.out = nn.Linear(256, CLASSES)

    def forward(self, numbers: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        """Logits."""
        named = [embed(categories[:, at]) for at, embed in enumerate(self.embed)]
        hidden = self.first(torch.cat([numbers, *named], 1))
        for norm, layer in zip(self.norms, self.layers, strict=True):
            hidden = hidden + layer(torch.relu(norm(hidden)))
        return self.out(hidden)


def table() -> Pipeline:
    """A table of numbers and categories."""
    counts = np.array((1000, 200, 50, 12))
    categories = (np.random.default_rng(2).random((60_000, 4)) * counts).astype(np.int64)
    inputs = {"numbers": _numbers(60_000, 20), "categories": torch.from_numpy(categories)}
    return _pipeline(Table, inputs)


def bert() -> Pipeline:
    """A small BERT with a head."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=WORDS, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
        max_position_embeddings=64, num_labels=CLASSES,
    )  # fmt: skip
    made = functools.partial(BertForSequenceClassification, config)
    pipeline = _pipeline(made, _texts(3000, 64))
    return Pipeline(
        task=pipeline.task, make_model=made, splits=pipeline.splits, recipe=pipeline.recipe, forward=_bert_logits
    )


def _bert_logits(model: nn.Module, batch: Any) -> torch.Tensor:
    return model(input_ids=batch.inputs["tokens"], attention_mask=batch.inputs["mask"].long()).logits


def _gpt(config: Any, kind: Any, seed: int) -> Any:
    torch.manual_seed(seed)
    model = kind(config)
    words = torch.from_numpy(np.random.default_rng(0).integers(0, 1000, (800, 64)))
    loader = DataLoader(TensorDataset(words), batch_size=8, shuffle=True)
    return model, torch.optim.AdamW(model.parameters(), lr=1e-3), None, loader, DataLoader(TensorDataset(words[:100]))


def _gpt_step(model: Any, optimizer: Any, loss_fn: Any, batch: Any) -> float:
    optimizer.zero_grad()
    loss = model(input_ids=batch[0], labels=batch[0]).loss
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def gpt() -> Any:
    """A program: a small GPT-2 in a loop of its own."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=1000, n_embd=64, n_layer=2, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=0)
    made = functools.partial(_gpt, config, GPT2LMHeadModel)
    return Pipeline.from_loop(made, step=_gpt_step, validate=_no_validation, epochs=3)


def _no_validation(model: Any, loss_fn: Any, loader: Any) -> tuple[float, float]:
    return 0.0, 0.0


class Codes(nn.Module):
    """An image made small and large again."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.GELU(), nn.Conv2d(8, 16, 3, 2, 1), nn.GELU())
        self.up = nn.Sequential(nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.GELU(), nn.ConvTranspose2d(8, 1, 4, 2, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The image again."""
        return self.up(self.down(image))


def _codes(seed: int) -> Any:
    torch.manual_seed(seed)
    model, images = Codes(), torch.rand(2000, 1, 28, 28)
    loader = DataLoader(TensorDataset(images, images), batch_size=16, shuffle=True)
    valid = DataLoader(TensorDataset(images[:200], images[:200]), batch_size=16)
    return model, torch.optim.RMSprop(model.parameters()), nn.functional.mse_loss, loader, valid


def codes() -> Any:
    """A program: an autoencoder in the plain loop."""
    return Pipeline.from_loop(_codes, epochs=2)


SUBJECTS = (
    Subject("perceptron", perceptron, 200),
    Subject("convolutions", convolutions, 400),
    Subject("bag of words", bag, 350),
    Subject("recurrent", recurrent, 300),
    Subject("transformer", transformer, 400),
    Subject("long texts", long_texts, 400),
    Subject("table", table, 200),
    Subject("bert", bert, 400),
    Subject("gpt, own loop", gpt, 400),
    Subject("autoencoder, own loop", codes, 150),
)
