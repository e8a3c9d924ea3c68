"""What all recorded trainings share: a journal that is kept as people keep one, a loop, and a few networks."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Numbers = Mapping[str, float]
Loss = Callable[..., Tensor]
Validate = Callable[[nn.Module], Numbers]


@final
class Journal:
    """Rows as a logger writes them: what was noted together stands on one line."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def note(self, step: int, values: Numbers) -> None:
        """Append to the row of this step, or begin a new one."""
        if self.rows and self.rows[-1][0] == step:
            self.rows[-1][1].update(values)
        else:
            self.rows.append((step, dict(values)))

    def write(self, path: Path) -> None:
        """Write a table: the step first, then a column for each curve; cells are empty where nothing was noted."""
        names = list(dict.fromkeys(name for _, values in self.rows for name in values))
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["step", *names])
            for step, values in self.rows:
                table.writerow([step, *(f"{values[name]:.5g}" if name in values else "" for name in names)])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A training to record: its name is the maker's, what was done is the maker's docstring.

    Attributes:
        make: trains and gives the journal.
        causes: what was planted, then what leaves the same curves; none for a healthy training.
        task: what is learnt, in kilter's word for it; empty where kilter has none.
        classes: how many, where the task has classes.
    """

    make: Callable[[], Journal]
    causes: tuple[str, ...] = ()
    task: str = ""
    classes: int | None = None

    @property
    def name(self) -> str:
        """The maker's name."""
        return self.make.__name__.strip("_")

    @property
    def kind(self) -> str:
        """Faulty where there are causes."""
        return "faulty" if self.causes else "healthy"

    @property
    def done(self) -> str:
        """What was done, in one line."""
        return " ".join((self.make.__doc__ or "").split())


def mlp(*sizes: int, act: Callable[[], nn.Module] = nn.ReLU, drop: float = 0.0) -> nn.Sequential:
    """A network of full layers."""
    layers: list[nn.Module] = []
    for at, (inward, outward) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(inward, outward))
        if at < len(sizes) - 2:
            layers.append(act())
            if drop:
                layers.append(nn.Dropout(drop))
    return nn.Sequential(*layers)


def classify(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Cross entropy of integer labels."""
    return F.cross_entropy(model(x), y)


def regress(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of one amount."""
    return F.mse_loss(model(x).squeeze(-1), y)


def detect(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Binary cross entropy of one logit."""
    return F.binary_cross_entropy_with_logits(model(x).squeeze(-1), y)


def next_token(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """Cross entropy of each next symbol."""
    logits = model(x)
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))


def held_out(loss: Loss, *data: Tensor, accuracy: bool = True, prefix: str = "valid") -> Validate:
    """Loss on data held out and, of classes, how many are right."""

    def validate(model: nn.Module) -> Numbers:
        said = {f"{prefix}.loss": float(loss(model, *data))}
        if accuracy:
            said[f"{prefix}.accuracy"] = float((model(data[0]).argmax(-1) == data[1]).float().mean())
        return said

    return validate


def rare(loss: Loss, x: Tensor, y: Tensor, *, threshold: float = 0.0) -> Validate:
    """Loss, accuracy, recall and F1 of a binary task."""

    def validate(model: nn.Module) -> Numbers:
        logits = model(x).squeeze(-1)
        said, truth = logits > threshold, y > 0.5
        hit = float((said & truth).sum())
        recall = hit / max(float(truth.sum()), 1)
        precision = hit / max(float(said.sum()), 1)
        return {
            "valid.loss": float(loss(model, x, y)),
            "valid.accuracy": float((said == truth).float().mean()),
            "valid.recall": recall,
            "valid.f1": 2 * precision * recall / max(precision + recall, 1e-12),
        }

    return validate


def batches(data: tuple[Tensor, ...], size: int, *, shuffle: bool = True) -> Iterator[tuple[Tensor, ...]]:
    """One epoch; the last batch may be short but never a single example of many."""
    count = len(data[0])
    order = torch.randperm(count) if shuffle else torch.arange(count)
    for part in order.split(size):
        if len(part) > 1 or size == 1:
            yield tuple(each[part] for each in data)


def norm_of(model: nn.Module) -> float:
    """The norm of all gradients together."""
    return math.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters() if p.grad is not None))


@final
class Layers:
    """What is measured of layers at one step: hooks stand only while they are needed."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.said: dict[str, float] = {}
        self.before = {name: p.detach().clone() for name, p in model.named_parameters() if p.ndim > 1}
        self.hooks = [
            module.register_forward_hook(self._watch(name))
            for name, module in model.named_modules()
            if isinstance(module, nn.ReLU | nn.Tanh | nn.Sigmoid)
        ]

    def _watch(self, name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def watch(module: nn.Module, inputs: Any, result: Tensor) -> None:
            flat = result.detach().flatten(0, -2) if result.ndim > 2 else result.detach()
            self.said[f"activation/{name}"] = float(flat.mean())
            if isinstance(module, nn.ReLU):
                self.said[f"dead/{name}"] = float((flat <= 0).all(0).float().mean())
            else:
                low, high = (-1.0, 1.0) if isinstance(module, nn.Tanh) else (0.0, 1.0)
                self.said[f"saturated/{name}"] = float(((flat < low + 0.01) | (flat > high - 0.01)).float().mean())

        return watch

    def gradients(self) -> None:
        """Read the gradients, once they are there."""
        for name, p in self.model.named_parameters():
            if p.ndim > 1:
                self.said[f"gradient/{name}"] = 0.0 if p.grad is None else float((p.grad**2).mean().sqrt())

    def updates(self) -> Numbers:
        """Read what moved; the hooks are gone afterwards."""
        for name, p in self.model.named_parameters():
            if p.ndim > 1:
                size = float((p.detach() ** 2).mean().sqrt())
                moved = float(((p.detach() - self.before[name]) ** 2).mean().sqrt())
                self.said[f"weight/{name}"] = size
                self.said[f"update/{name}"] = moved / max(size, 1e-12)
        for name, module in self.model.named_modules():
            if hasattr(module, "entropy"):
                self.said[f"entropy/{name}"] = module.entropy
        for hook in self.hooks:
            hook.remove()
        return self.said


def fit(  # noqa: C901, PLR0912 - all habits of logging in one loop, as it is in people's scripts
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss: Loss,
    data: tuple[Tensor, ...],
    *,
    batch: int = 32,
    epochs: int = 10,
    every: int = 1,  # steps between two rows of the training loss; 0 for one row an epoch, its mean
    mean: bool = False,  # of the steps between two rows, in place of the last one
    schedule: Any = None,
    schedule_epoch: bool = False,  # it advances once an epoch
    shuffle: bool = True,
    zero: bool = True,
    learn: bool = True,
    clip: float | None = None,
    norm: bool = False,
    rate: bool = False,
    epoch_column: bool = False,
    validate: Validate | None = None,
    validate_every: int = 0,  # steps; 0 for once an epoch
    eval_mode: bool = True,
    layers: int = 0,  # steps between two measurements of layers
    tamper: Callable[[int, tuple[Tensor, ...]], tuple[Tensor, ...]] | None = None,  # with a batch on its way
    each_step: Callable[[int], None] | None = None,  # before the step
    train_loss: bool = True,
    journal: Journal | None = None,
    start: int = 0,
) -> Journal:
    """Train as people do, and keep the journal."""
    journal = journal or Journal()
    step, heap = start, []
    for epoch in range(epochs):
        model.train()
        for drawn in batches(data, batch, shuffle=shuffle):
            step += 1
            if each_step:
                each_step(step)
            part = tamper(step, drawn) if tamper else drawn
            if zero:
                optimizer.zero_grad()
            look = Layers(model) if layers and (step == 1 or step % layers == 0) else None
            value = loss(model, *part)
            value.backward()
            heap.append(float(value))
            row: dict[str, float] = {}
            if look:
                look.gradients()
            if norm:
                row["train.gradient_norm"] = norm_of(model)
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            if rate:
                row["train.learning_rate"] = optimizer.param_groups[0]["lr"]
            if learn:
                optimizer.step()
            if schedule is not None and not schedule_epoch:
                schedule.step()
            if every and step % every == 0:
                seen = {"train.loss": sum(heap) / len(heap) if mean else heap[-1]} if train_loss else {}
                journal.note(step, seen | row | ({"train.epoch": float(epoch)} if epoch_column else {}))
                heap.clear()
            if look:
                journal.note(step, look.updates())
            if validate and validate_every and step % validate_every == 0:
                journal.note(step, judged(model, validate, eval_mode=eval_mode))
                model.train()
        if every == 0:
            row = {"train.learning_rate": optimizer.param_groups[0]["lr"]} if rate else {}
            seen = {"train.loss": sum(heap) / len(heap)} if train_loss else {}
            journal.note(step, {**seen, **row, **({"train.epoch": float(epoch)} if epoch_column else {})})
            heap.clear()
        if schedule is not None and schedule_epoch:
            schedule.step()
        if validate and not validate_every:
            journal.note(step, judged(model, validate, eval_mode=eval_mode))
    return journal


def judged(model: nn.Module, validate: Validate, *, eval_mode: bool = True) -> Numbers:
    """What the validation says."""
    model.train(not eval_mode)
    with torch.no_grad():
        return validate(model)
