"""A loop under `kilter.watch` against the same loop alone: digits with an MLP, and a small transformer; one thread.

Each contender trains from the same seed on the same batches, in one process and by turns, so that what else the machine
does meets both alike; which goes first changes from round to round. The ratio is the median over the rounds of that
of CPU times. The watched time holds everything, entering the watch and the last examination included: they are spread
over the steps of the run. In the same run five faults are planted in the middle of the digits' training, and it is told
in how many steps each was found, and whether the ids of its batch were named.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
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


def trained(make: Callable[[], nn.Module], batches: list[Any], *, watched: bool) -> tuple[float, list[Tensor]]:
    """CPU seconds of the plain loop, alone or watched, and the weights that it ends with."""
    torch.manual_seed(0)
    model, loss_fn = make(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    began = time.thread_time()
    with watch(model, optimizer, loss_fn) if watched else nullcontext():
        for _, inputs, targets in batches:
            optimizer.zero_grad()
            loss = loss_fn(model(inputs).flatten(0, -2), targets.flatten())
            loss.backward()
            optimizer.step()
    return time.thread_time() - began, [parameter.detach() for parameter in model.parameters()]


def compared(name: str, make: Callable[[], nn.Module], batches: list[Any], rounds: int) -> dict[str, Any]:
    """A row: ratios of the CPU time of whole runs."""
    for watched in (False, True):  # what is imported and cached at first use belongs to no step
        trained(make, batches[:30], watched=watched)
    pairs: list[tuple[float, float]] = []
    same = True
    for turn in range(rounds):
        order = (False, True) if turn % 2 else (True, False)
        taken = {watched: trained(make, batches, watched=watched) for watched in order}
        pairs.append((taken[False][0] / len(batches) * 1e6, taken[True][0] / len(batches) * 1e6))
        same = same and all(torch.equal(one, other) for one, other in zip(taken[False][1], taken[True][1], strict=True))
    ratios = [watched / bare for bare, watched in pairs]
    quarters = statistics.quantiles(ratios, n=4)
    ratio, more = statistics.median(ratios), statistics.median(watched - bare for bare, watched in pairs)
    most, least = BARS[name]
    return {
        "training": name,
        "steps": len(batches),
        "bare": statistics.median(bare for bare, _ in pairs),
        "watched": statistics.median(watched for _, watched in pairs),
        "ratio": ratio,
        "middle_half": [quarters[0], quarters[2]],
        "more": more,
        "same_weights": same,
        "rounds": pairs,
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
    parser.add_argument("--steps", type=int, default=2000, help="of the digits; a tenth of them of the transformer")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULTS / "watching.json")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("kilter").setLevel(logging.CRITICAL)  # findings are counted here, not told
    print(f"{'training':12}{'steps':>6}{'bare':>10}{'watched':>10}{'ratio':>8}{'middle half':>14}{'more':>9}  weights")
    rows = []
    for name, make, batches in (
        ("digits", mlp, list(digits(chosen.steps))),
        ("transformer", Language, list(texts(max(30, chosen.steps // 10)))),
    ):
        row = compared(name, make, batches, chosen.rounds)
        rows.append(row)
        low, high = row["middle_half"]
        print(
            f"{row['training']:12}{row['steps']:>6}{row['bare']:>8.0f}us{row['watched']:>8.0f}us{row['ratio']:>8.3f}"
            f"{low:>8.3f}-{high:.3f}{row['more']:>7.1f}us  {'same' if row['same_weights'] else 'DIFFER'}"
            f"  bar {'met' if row['met'] else 'MISSED'}",
            flush=True,
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
