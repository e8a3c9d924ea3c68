"""What a step costs: a bare loop, kilter, Lightning and the trainer of Hugging Face; one thread, CPU time, in one run.

Two trainings: digits with an MLP, whose steps are so short that whatever stands beside them shows, and a small
transformer. All contenders train the same model from the same rows in batches of the same size, by AdamW with the
gradient clipped to a norm of 1, and read the loss of each step; none draws a bar. The peers get whole batches from
their data set, not rows to be put together one by one. Contenders take turns; a ratio is the median over the rounds of
the ratio within a round, so that what else the machine does meets all of them alike. The time is that of the whole
training divided by its steps, so that beginning and end are spread over them. Peers that are not installed are left
out (the extra `logs` has them).
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

import numpy as np
import torch
from machine import RESULTS, write_result
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from kilter.data.encoded import EncodedSource
from kilter.data.preprocessing import Encoded
from kilter.data.ragged import Ragged
from kilter.tasks.classification import Classification
from kilter.tracking.fitting import fit
from kilter.tracking.recording import open_recording
from kilter.training import fit as in_memory
from kilter.training.watching import watch
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import BatchSize, Recipe
from kilter.values.table import Field, Kind, Schema, Table

CLIP = 1.0
RATE = 1e-3
MOST, LEAST = 1.05, 10.0
"""Times the bare loop, or so many microseconds a step more, whichever is more: kilter as it is."""
JUDGED_EVERY = 5
"""Epochs between two evaluations, where there are any: 115 steps of the digits, about as often as a checkpoint."""
ALL_ON = 1.25
"""Times the bare loop that evaluates as often: kilter with everything on, digits."""


@final
class Net(nn.Module):
    """64-128-128-10."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (b, 10) of pixels (b, 64)."""
        logits: Tensor = self.layers(numbers)
        return logits


@final
class Reader(nn.Module):
    """Two layers of attention, 128 wide, over 64 tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(200, 128), nn.Embedding(64, 128)
        layer = nn.TransformerEncoderLayer(128, 4, 512, batch_first=True, dropout=0.0)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(128, 10)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits (b, 10) of tokens (b, 64)."""
        hidden = self.words(tokens) + self.places.weight[: tokens.shape[1]]
        logits: Tensor = self.out(self.layers(hidden).mean(1))
        return logits


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What all contenders train: rows that are encoded already, and how long."""

    name: str
    make: Callable[[], nn.Module]
    inputs: Tensor
    targets: Tensor
    size: int
    epochs: int
    valid: int
    """Rows at the end that are put aside for evaluations."""

    @property
    def steps(self) -> int:
        """Of the whole training."""
        return self.epochs * -(-(len(self.targets) - self.valid) // self.size)

    def rows(self, split: str) -> tuple[Tensor, Tensor]:
        """Inputs and targets."""
        edge = len(self.targets) - self.valid
        part = slice(0, edge) if split == "train" else slice(edge, None)
        return self.inputs[part], self.targets[part]


def digits(epochs: int) -> Training:
    """The eight by eight pixels of 1,797 digits."""
    pixels, targets = load_digits(return_X_y=True)
    return Training(
        name="digits, MLP",
        make=Net,
        inputs=torch.tensor(pixels / 16, dtype=torch.float32),
        targets=torch.from_numpy(targets.astype(np.int64)),
        size=64,
        epochs=epochs,
        valid=360,
    )


def reading(epochs: int) -> Training:
    """Rows of 64 tokens; what is to be told is which tenth of the vocabulary most come from."""
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 10, 1120)
    tokens = np.where(draw.random((1120, 64)) < 0.3, kinds[:, None] * 20, 0) + draw.integers(1, 20, (1120, 64))
    return Training(
        name="transformer",
        make=Reader,
        inputs=torch.from_numpy(tokens.astype(np.int64)),
        targets=torch.from_numpy(kinds),
        size=32,
        epochs=epochs,
        valid=160,
    )


# --- contenders: each trains from the start


def bare(training: Training, *, fused: bool = False, evaluate: bool = False, watched: bool = False) -> None:
    """The plain loop."""
    torch.manual_seed(0)
    model, loss_fn = training.make(), nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, fused=True if fused else None)
    if watched:
        with watch(model, optimizer, loss_fn):
            plain(training, model, optimizer, loss_fn, evaluate=evaluate)
    else:
        plain(training, model, optimizer, loss_fn, evaluate=evaluate)


def plain(training: Training, model: nn.Module, optimizer: Any, loss_fn: nn.Module, *, evaluate: bool) -> list[float]:
    """Its epochs; the losses."""
    inputs, targets = training.rows("train")
    losses = []
    for epoch in range(training.epochs):
        for rows in torch.randperm(len(inputs)).split(training.size):
            optimizer.zero_grad()
            loss = loss_fn(model(inputs[rows]), targets[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            losses.append(loss.item())
        if evaluate and (epoch + 1) % JUDGED_EVERY == 0:
            model.eval()
            with torch.no_grad():
                for some, truth in zip(*(part.split(training.size) for part in training.rows("valid")), strict=True):
                    logits = model(some)
                    losses.append(functional.cross_entropy(logits, truth).item())
                    losses.append((logits.argmax(1) == truth).float().mean().item())
            model.train()
    return losses


def pipeline_of(training: Training, *, judged: bool) -> Pipeline:
    """The same training for `fit`."""
    task = Classification(labels=tuple(str(label) for label in range(10)))
    splits = {split: source(training, split, task) for split in (("train", "valid") if judged else ("train",))}
    values: dict[str, Any] = {
        "train": {"length": f"{training.epochs}ep", "clip_norm": CLIP},
        "batch": {"size": training.size},
        "optimizer": {"learning_rate": RATE},
    }
    if judged:
        values["train"]["evaluate_every"] = f"{JUDGED_EVERY}ep"
        values["save"] = {"every": "100st"}
    return Pipeline(task=task, make_model=training.make, splits=splits, recipe=Recipe.read(values))


def source(training: Training, split: str, task: Classification) -> EncodedSource:
    """Rows as `kilter train` holds them."""
    inputs, targets = training.rows(split)
    count = len(targets)
    if inputs.is_floating_point():
        encoded, kind = Encoded(rows=count, numbers=inputs.numpy()), Kind.NUMBER
    else:
        encoded, kind = Encoded(rows=count, tokens=Ragged.of(inputs.tolist())), Kind.TEXT
    return EncodedSource(
        encoded=encoded,
        table=Table(
            columns={"x": inputs.numpy()[:, 0], "y": targets.numpy()},
            ids=tuple(f"{split}#{row}" for row in range(count)),
        ),
        schema=Schema(inputs=(Field(name="x", kind=kind),), target="y", target_kind=Kind.CATEGORY),
        targets=targets.numpy(),
        stack=task.stack,
        batch=BatchSize(size=training.size),
    )


def recorded(pipeline: Pipeline) -> None:
    """`fit` as it is: its hooks, layers measured, metrics.jsonl; weights kept in memory."""
    with TemporaryDirectory() as folder:
        recording, history = open_recording(Path(folder))
        try:
            in_memory.fit(pipeline, observers=(recording,), history=history)
        finally:
            recording.close()


def all_on(pipeline: Pipeline) -> None:
    """And evaluated every 5 epochs, with the checks of curves at work; TensorBoard; a checkpoint each 100 steps."""
    with TemporaryDirectory() as folder:
        fit(pipeline, folder=Path(folder), mirrors=("tensorboard",))


class Batches(torch.utils.data.Dataset[Any]):
    """Rows that are fetched a whole batch at a time; `form` makes of it what the model of a peer takes."""

    def __init__(self, training: Training, form: Callable[[Tensor, Tensor], Any]) -> None:
        self._inputs, self._targets = training.rows("train")
        self._form = form

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, row: int) -> Any:
        return self.__getitems__([row])

    def __getitems__(self, rows: Sequence[int]) -> Any:
        index = torch.as_tensor(rows)
        return self._form(self._inputs[index], self._targets[index])


def as_it_is(batch: Any) -> Any:
    """A batch is put together already."""
    return batch


def lightning_of(training: Training) -> Callable[[], None]:
    """Lightning with its defaults, but for bars and summaries."""
    import lightning

    class Wrapped(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = training.make()

        def training_step(self, batch: Any, _index: int) -> Tensor:
            inputs, targets = batch
            loss = functional.cross_entropy(self.model(inputs), targets)
            self.log("train_loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), lr=RATE)

    def run() -> None:
        torch.manual_seed(0)
        with TemporaryDirectory() as folder:
            loader = torch.utils.data.DataLoader(
                Batches(training, lambda inputs, targets: (inputs, targets)),
                batch_size=training.size,
                shuffle=True,
                collate_fn=as_it_is,
            )
            trainer = lightning.Trainer(
                max_epochs=training.epochs,
                accelerator="cpu",
                gradient_clip_val=CLIP,
                default_root_dir=folder,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(Wrapped(), loader)

    return run


def trainer_of(training: Training) -> Callable[[], None]:
    """The trainer of Hugging Face with its defaults, but for bars."""
    import transformers

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = training.make()

        def forward(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
            logits = self.model(inputs)
            return {"loss": functional.cross_entropy(logits, labels), "logits": logits}

    def run() -> None:
        torch.manual_seed(0)
        with TemporaryDirectory() as folder:
            arguments = transformers.TrainingArguments(
                output_dir=folder,
                per_device_train_batch_size=training.size,
                num_train_epochs=training.epochs,
                learning_rate=RATE,
                max_grad_norm=CLIP,
                use_cpu=True,
                disable_tqdm=True,
                report_to="none",
                remove_unused_columns=False,
                dataloader_pin_memory=False,
                log_level="error",
            )
            rows = Batches(training, lambda inputs, targets: {"inputs": inputs, "labels": targets})
            trainer = transformers.Trainer(model=Wrapped(), args=arguments, train_dataset=rows, data_collator=as_it_is)
            trainer.remove_callback(transformers.PrinterCallback)
            trainer.train()

    return run


def contenders_of(training: Training) -> dict[str, Callable[[], None]]:
    """By name; the first is what the others are compared with."""
    alone, judged = pipeline_of(training, judged=False), pipeline_of(training, judged=True)
    contenders: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(training),
        "bare, fused optimizer": lambda: bare(training, fused=True),
        "bare, under kilter.watch": lambda: bare(training, watched=True),
        "kilter": lambda: recorded(alone),
        "bare, evaluating": lambda: bare(training, evaluate=True),
        "kilter, everything on": lambda: all_on(judged),
    }
    if importlib.util.find_spec("lightning") is not None:
        contenders["Lightning"] = lightning_of(training)
    if importlib.util.find_spec("transformers") is not None:
        contenders["Hugging Face Trainer"] = trainer_of(training)
    return contenders


def measured(training: Training, rounds: int) -> list[dict[str, Any]]:
    """A row for each contender."""
    contenders = contenders_of(training)
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for at in range(rounds + 1):
        for name, run in contenders.items():
            began = time.process_time()
            run()
            if at:  # what is imported, compiled and cached at first use belongs to no step
                taken[name].append((time.process_time() - began) / training.steps * 1e6)
    rows = []
    for name, values in taken.items():
        against = "bare, evaluating" if name == "kilter, everything on" else "bare"
        pairs = list(zip(values, taken[against], strict=True))
        ratios = sorted(value / other for value, other in pairs)
        quarters = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
        row: dict[str, Any] = {
            "training": training.name,
            "steps": training.steps,
            "what": name,
            "microseconds": statistics.median(values),
            "against": against,
            "ratio": statistics.median(ratios),
            "middle_half": [quarters[0], quarters[2]],
            "more": statistics.median(value - other for value, other in pairs),
            "rounds": values,
        }
        if name == "kilter":
            row["met"] = row["ratio"] <= MOST or row["more"] <= LEAST
        elif name == "kilter, everything on" and training.make is Net:
            row["met"] = row["ratio"] <= ALL_ON
        rows.append(row)
    return rows


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60, help="of the digits; a twentieth of them of the transformer")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULTS / "overhead.json")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.filterwarnings("ignore")  # of peers about workers, loggers and devices
    rows: list[dict[str, Any]] = []
    for training in (digits(chosen.epochs), reading(max(1, chosen.epochs // 20))):
        print(f"{training.name}, {training.steps} steps")
        for row in measured(training, chosen.rounds):
            low, high = row["middle_half"]
            said = "" if "met" not in row else "  bar met" if row["met"] else "  bar MISSED"
            times = f"{row['ratio']:.3f}x ({low:.3f}-{high:.3f}) {row['against']}"
            print(
                f"  {row['what']:26}{row['microseconds']:>8.0f} us  {times:40}{row['more']:>+8.0f} us{said}", flush=True
            )
            rows.append(row)
    installed = [name for name in ("lightning", "transformers") if importlib.util.find_spec(name) is not None]
    write_result(
        chosen.out,
        "overhead",
        rows,
        versions=("torch", "numpy", *installed),
        epochs=chosen.epochs,
        rounds=chosen.rounds,
        threads=1,
        bars={"kilter": [MOST, LEAST], "everything on, digits": ALL_ON},
        met=all(row.get("met", True) for row in rows),
    )


if __name__ == "__main__":
    main()
