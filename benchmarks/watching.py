"""A loop under `kilter.watch` against the same loop alone: digits with an MLP, and a small transformer; one thread.

Contenders take turns and train from the same seed on the same rows; the ratio is the median of the rounds' ratios of
CPU time, so that what else the machine does meets both alike. The watched time holds everything: entering, the looks on
the way, what is measured of layers, and the last examination. In the same run five faults are planted in the middle of
the digits' training, and it is told in how many steps each was found, and whether the ids of its batch were named.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import torch
from machine import RESULTS, write_result
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from kilter.training.watching import Watch, watch
from kilter.values.finding import Severity

SIZE = 64
BARS = {"digits": (1.05, 10.0), "transformer": (1.02, 0.0)}  # times the bare loop, or so many microseconds a step more
WITHIN = 50  # steps, in which a fault must be found
FAULTS = {
    "a row that is no number": "odd-batch",
    "a rate a hundred times as high": "rate-jump",
    "a poisoned batch": "odd-batch",
    "a layer frozen": "frozen-midway",
    "a batch that comes again": "repeated-batch",
}


@final
class Block(nn.Module):
    """Attention and two layers, before each of which is normalised."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, hidden: Tensor) -> Tensor:
        """(b, t, width) to the same."""
        batch, time_, width = hidden.shape
        parts = self.qkv(self.norms[0](hidden)).view(batch, time_, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        hidden = hidden + self.out(mixed.transpose(1, 2).reshape(batch, time_, width))
        fed: Tensor = hidden + self.feed(self.norms[1](hidden))
        return fed


@final
class Language(nn.Module):
    """A language model over 64 tokens: 2 blocks, 128 wide, 4 heads."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.place = nn.Embedding(64, 128), nn.Embedding(64, 128)
        self.blocks = nn.Sequential(Block(128, 4), Block(128, 4))
        self.head = nn.Linear(128, 64)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (b, t, 64) of tokens (b, t)."""
        hidden = self.embed(tokens) + self.place(torch.arange(tokens.shape[1]))
        logits: Tensor = self.head(self.blocks(hidden))
        return logits


def mlp() -> nn.Module:
    """64-128-128-10."""
    return nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))


def digits(steps: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Numbers of rows, pixels and digits, in a new order each epoch."""
    pixels, targets = load_digits(return_X_y=True)
    numbers, classes = torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(targets)
    draw = torch.Generator().manual_seed(0)
    made = 0
    while True:
        for rows in torch.randperm(len(numbers), generator=draw).split(SIZE):
            yield rows, numbers[rows], classes[rows]
            made += 1
            if made == steps:
                return


def texts(steps: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Sequences of 64 tokens that walk by small steps, 16 at a time."""
    draw = torch.Generator().manual_seed(0)
    for at in range(steps):
        walks = torch.randint(0, 4, (16, 65), generator=draw).cumsum(1) % 64
        yield torch.arange(16) + 16 * at, walks[:, :-1], walks[:, 1:]


def train(make: Callable[[], nn.Module], batches: Iterable[Any], *, watched: bool) -> tuple[float, list[Tensor]]:
    """Microseconds of CPU time a step, and the weights at the end."""
    torch.manual_seed(0)
    model, loss_fn = make(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    batches = list(batches)
    began = time.process_time()
    with watch(model, optimizer, loss_fn) if watched else _unwatched():
        for _, inputs, targets in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(inputs).flatten(0, -2), targets.flatten())
            loss.backward()
            optimizer.step()
    spent = time.process_time() - began
    return spent / len(batches) * 1e6, [parameter.detach() for parameter in model.parameters()]


@contextmanager
def _unwatched() -> Iterator[None]:
    yield


def compared(name: str, make: Callable[[], nn.Module], batches: list[Any], rounds: int) -> dict[str, object]:
    """A row: the bare loop and the watched one, by turns."""
    times: dict[bool, list[float]] = {False: [], True: []}
    same = True
    for at in range(rounds):
        ends = {}
        for watched in (False, True) if at % 2 else (True, False):
            spent, ends[watched] = train(make, batches, watched=watched)
            times[watched].append(spent)
        same = same and all(torch.equal(one, other) for one, other in zip(ends[False], ends[True], strict=True))
    ratio = statistics.median(w / b for w, b in zip(times[True], times[False], strict=True))
    more = statistics.median(w - b for w, b in zip(times[True], times[False], strict=True))
    most, least = BARS[name]
    return {
        "training": name,
        "bare": statistics.median(times[False]),
        "watched": statistics.median(times[True]),
        "ratio": ratio,
        "more": more,
        "same_weights": same,
        "met": same and (ratio <= most or more <= least),
    }


def planted(fault: str, at: int, seed: int) -> dict[str, object]:
    """A row: in how many steps a fault of the digits' training was found, and which ids were named."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    model, loss_fn = mlp(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    found, held = None, None
    with watch(model, optimizer, loss_fn) as watching:
        for step, (rows, inputs, targets) in enumerate(digits(at + 2 * WITHIN), 1):
            if fault == "a batch that comes again" and step >= at:
                held = held or (rows, inputs, targets)
                rows, inputs, targets = held  # noqa: PLW2901 - that is the fault
            if step == at:
                inputs = _changed(fault, inputs, model, optimizer, draw)  # noqa: PLW2901
            watching.batch(ids=rows)
            optimizer.zero_grad()
            loss_fn(model(inputs), targets).backward()
            optimizer.step()
            found = found or _found(watching, fault, step - at)
    after, where = found or (None, ())
    return {
        "fault": fault,
        "seed": seed,
        "found_after": after,
        "where": where,
        "met": after is not None and after <= WITHIN,
    }


def _changed(fault: str, inputs: Tensor, model: Any, optimizer: Any, draw: torch.Generator) -> Tensor:
    if fault == "a row that is no number":
        inputs = inputs.clone()
        inputs[5, 3] = torch.nan
    elif fault == "a poisoned batch":
        inputs = inputs.clone()
        inputs[7:9] = 30 * torch.randn(2, 64, generator=draw)
    elif fault == "a rate a hundred times as high":
        optimizer.param_groups[0]["lr"] *= 100
    elif fault == "a layer frozen":
        model[0].requires_grad_(requires_grad=False)
    return inputs


def _found(watching: Watch, fault: str, after: int) -> tuple[int, tuple[str, ...]] | None:
    for finding in watching.findings:
        if finding.name == FAULTS[fault] and finding.severity >= Severity.WARNING:
            return after, finding.where[:6]
    return None


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--steps", type=int, default=4000, help="of the digits' training; the transformer's has a tenth"
    )
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path, default=RESULTS / "watching.json")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("kilter").setLevel(logging.CRITICAL)  # findings are counted here, not told
    rows = [
        compared("digits", mlp, list(digits(chosen.steps)), chosen.rounds),
        compared("transformer", Language, list(texts(max(100, chosen.steps // 10))), chosen.rounds),
    ]
    print(f"{'training':12} {'bare':>9} {'watched':>9} {'ratio':>7} {'more':>9}  same weights  bar")
    for row in rows:
        print(
            f"{row['training']:12} {row['bare']:7.1f}us {row['watched']:7.1f}us {row['ratio']:7.3f}"
            f" {row['more']:7.1f}us  {row['same_weights']!s:12}  {'met' if row['met'] else 'MISSED'}"
        )
    faults = [planted(fault, at, seed) for fault in FAULTS for at, seed in ((100, 0), (237, 1))]
    for row in faults:
        print(f"{row['fault']:32} found after {row['found_after']} steps: {', '.join(row['where'])}")
    write_result(
        chosen.out,
        "watching",
        [*rows, *faults],
        versions=("torch",),
        steps=chosen.steps,
        rounds=chosen.rounds,
        bars=BARS,
        within=WITHIN,
        met=all(row["met"] for row in (*rows, *faults)),
    )


if __name__ == "__main__":
    main()
