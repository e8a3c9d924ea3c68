"""Runs that the real packages write read back equal; each writes in a process of its own, so that none meets pytest."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from kilter.logs.mlflow import read_mlflow
from kilter.logs.reading import read_logs
from kilter.logs.tensorboard import read_tensorboard
from kilter.logs.wandb import read_wandb

pytestmark = pytest.mark.slow

CURVES = """
import json, math, random
random.seed(0)
LOSS = {step: math.exp(-step / 40) + random.random() / 10 for step in range(1, 121)}
LOSS[77] = math.nan
VALID = {step: math.exp(-step / 40) * 1.1 for step in range(30, 121, 30)}
VALID[120] = math.inf
def said(**curves):
    with open("said.json", "w") as file:
        json.dump({name: list(curve.items()) for name, curve in curves.items()}, file)
said(train=LOSS, valid=VALID)
"""


@pytest.fixture
def written(tmp_path):
    """Runs a script in a folder of its own, or skips where its packages are absent; and what it says it logged."""

    def write(script, *packages, **environment):
        absent = [package for package in packages if find_spec(package) is None]
        if absent:
            pytest.skip(f"{', '.join(absent)} not installed; the extra `logs` brings what is read here")
        (tmp_path / "write.py").write_text(CURVES + script, "utf-8")
        quiet = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
        done = subprocess.run(
            [sys.executable, "write.py"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **quiet, "HOME": str(tmp_path / "home"), **environment},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = json.loads((tmp_path / "said.json").read_text("utf-8"))
        return tmp_path, {name: tuple(zip(*points, strict=True)) for name, points in said.items()}

    return write


def same(history, name, points, *, kind=np.float64):
    steps, values = points
    assert history[name].steps.tolist() == list(steps)
    assert np.array_equal(history[name].values, np.asarray(values, kind).astype(np.float64), equal_nan=True)


def test_torchs_summary_writer(written):
    folder, said = written(
        """
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter("runs/first") as writer:
    writer.add_text("what", "a text")
    for step, loss in LOSS.items():
        writer.add_scalar("loss/train", loss, step, new_style=step % 2 == 0)
        writer.add_scalars("both", {"train": loss, "valid": 2 * loss}, step)
    for step, loss in VALID.items():
        writer.add_scalar("loss/valid", loss, step, new_style=True, double_precision=True)
    writer.add_hparams({"lr": 0.1}, {"final": 0.5}, run_name="hparams")
with SummaryWriter("runs/second", purge_step=None) as writer:
    for step in range(1, 51):
        writer.add_scalar("loss/train", -1.0, step)
with SummaryWriter("runs/second", purge_step=41, filename_suffix=".z") as writer:
    for step in range(41, 61):
        writer.add_scalar("loss/train", 1.0, step)
""",
        "torch",
    )
    logs = {log.name: log for log in read_tensorboard(folder / "runs")}

    same(logs["first"].history, "loss/train", said["train"], kind=np.float32)
    same(logs["first"].history, "both/train", said["train"], kind=np.float32)
    same(logs["first"].history, "loss/valid", said["valid"])
    assert logs["second"].history["loss/train"].values.tolist() == [-1.0] * 40 + [1.0] * 20


def test_wandb_offline(written):
    folder, said = written(
        """
import wandb
with wandb.init(project="p", name="first", dir=".") as run:
    run.log({"before": 1.5})
    for step, loss in LOSS.items():
        row = {"train/loss": loss, "layers": {"first": {"norm": 2 * loss}}, "word": "x", "flag": True}
        if step in VALID:
            row["valid/loss"] = VALID[step]
            row["weights"] = wandb.Histogram([loss, 1.0])
        run.log(row, step=step)
with wandb.init(project="p", dir=".") as run:
    run.define_metric("trainer/global_step")
    run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
    for step, loss in LOSS.items():
        run.log({"train/loss": loss, "trainer/global_step": step * 10})
""",
        "wandb",
    )
    first, second = read_wandb(folder / "wandb")

    assert first.name == "first"
    same(first.history, "train/loss", said["train"])
    same(first.history, "valid/loss", said["valid"])
    same(first.history, "layers.first.norm", (said["train"][0], [2 * loss for loss in said["train"][1]]))
    assert set(first.history) == {"before", "train/loss", "valid/loss", "layers.first.norm", "_runtime"}
    same(second.history, "train/loss", ([10 * step for step in said["train"][0]], said["train"][1]))
    assert set(second.history) == {"train/loss", "_runtime"}


def test_a_wandb_run_that_was_killed(written):
    folder, said = written(
        """
import os, time, wandb
run = wandb.init(project="p", dir=".")
for step, loss in LOSS.items():
    run.log({"train/loss": loss, "padding": "x" * 3000}, step=step)
time.sleep(2)
os._exit(0)
""",
        "wandb",
    )
    (log,) = read_wandb(folder)
    steps, values = said["train"]
    kept = len(log.history["train/loss"])

    assert kept > 0
    same(log.history, "train/loss", (steps[:kept], values[:kept]))


@pytest.mark.parametrize("store", ["sqlite:///mlflow.db", "mlruns"])
def test_mlflow(written, store):
    folder, said = written(
        f"""
import mlflow
from mlflow.entities import Metric
mlflow.set_tracking_uri({store!r})
mlflow.set_experiment("planes")
with mlflow.start_run(run_name="first") as first:
    for step, loss in LOSS.items():
        mlflow.log_metric("train/loss", loss, step=step)
    metrics = [Metric("valid loss", loss, 0, step) for step, loss in VALID.items()]
    mlflow.MlflowClient().log_batch(first.info.run_id, metrics)
with mlflow.start_run(run_name="second"):
    for loss in (3.0, 1.0, 2.0):
        mlflow.log_metric("loss", loss)
with mlflow.start_run(run_name="third") as third:
    mlflow.log_metric("loss", 1.0)
mlflow.delete_run(third.info.run_id)
""",
        "mlflow",
        "sqlalchemy",
        "alembic",
    )
    first, second = read_mlflow(folder / store.removeprefix("sqlite:///"))

    assert (first.name, second.name) == ("first", "second")
    same(first.history, "train/loss", said["train"])
    same(first.history, "valid loss", said["valid"])
    same(second.history, "loss", ([0, 1, 2], [3.0, 1.0, 2.0]))
    assert second.notes != ()


LIGHTNING = """
import lightning as L, torch, warnings
warnings.simplefilter("ignore")
class Line(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
        self.train_seen, self.valid_seen = {}, {}
    def training_step(self, batch, index):
        loss = self.layer(batch).square().mean()
        self.log("train_loss", loss, on_step=True, on_epoch=False)
        if (self.global_step + 1) % 5 == 0:
            self.train_seen[self.global_step] = loss.item()
        return loss
    def validation_step(self, batch, index):
        loss = self.layer(batch).square().mean()
        self.log("val_loss", loss)
        if not self.trainer.sanity_checking:
            self.valid_seen[self.global_step - 1] = loss.item()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)
torch.manual_seed(0)
def loader():
    return torch.utils.data.DataLoader(torch.randn(40, 2), batch_size=4)
one = torch.utils.data.DataLoader(torch.randn(4, 2), batch_size=4)
line = Line()
trainer = L.Trainer(max_epochs=4, logger=LOGGER, log_every_n_steps=5, enable_checkpointing=False,
                    enable_progress_bar=False, enable_model_summary=False, accelerator="cpu")
trainer.fit(line, loader(), one)
said(train=line.train_seen, valid=line.valid_seen)
"""


def test_lightnings_csv_logger(written):
    script = "from lightning.pytorch.loggers import CSVLogger\nLOGGER = CSVLogger('.', name='csv')\n" + LIGHTNING
    folder, said = written(script, "lightning")
    (log,) = read_logs(folder / "csv" / "version_0" / "metrics.csv")

    assert len(said["train"][0]) == 8
    same(log.history, own_name(log, "train_loss"), said["train"])
    same(log.history, own_name(log, "val_loss"), said["valid"])


def test_lightnings_tensorboard_logger(written):
    script = "from lightning.pytorch.loggers import TensorBoardLogger\nLOGGER = TensorBoardLogger('.')\n" + LIGHTNING
    folder, said = written(script, "lightning")
    (log,) = read_tensorboard(folder / "lightning_logs")

    same(log.history, "train_loss", said["train"], kind=np.float32)
    same(log.history, "val_loss", said["valid"], kind=np.float32)


def test_lightnings_wandb_logger(written):
    script = "from lightning.pytorch.loggers import WandbLogger\nLOGGER = WandbLogger(offline=True)\n" + LIGHTNING
    folder, said = written(script, "lightning", "wandb")
    (log,) = read_wandb(folder / "wandb")

    same(log.history, "train_loss", said["train"])
    same(log.history, "val_loss", said["valid"])


def test_transformers_trainer_state(written):
    folder, said = written(
        """
import torch
from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments
class Line(PreTrainedModel):
    config_class = PretrainedConfig
    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(2, 1)
        self.post_init()
    def forward(self, x, labels=None):
        out = self.layer(x)
        return {"loss": (out - labels).square().mean(), "logits": out}
torch.manual_seed(0)
rows = [{"x": torch.randn(2), "labels": torch.ones(1)} for _ in range(40)]
arguments = TrainingArguments(
    "out", num_train_epochs=4, per_device_train_batch_size=4, logging_steps=5, eval_strategy="epoch",
    save_strategy="epoch", report_to=["tensorboard"], use_cpu=True, disable_tqdm=True,
)
trainer = Trainer(Line(PretrainedConfig()), arguments, train_dataset=rows, eval_dataset=rows[:8])
trainer.train()
logged = trainer.state.log_history
def curve(name):
    return {row["step"]: row[name] for row in logged if name in row}
said(train=curve("loss"), valid=curve("eval_loss"), rate=curve("learning_rate"))
""",
        "transformers",
        "accelerate",
    )
    (log,) = read_logs(folder / "out" / "checkpoint-40" / "trainer_state.json")

    assert (len(said["train"][0]), len(said["valid"][0])) == (8, 4)
    same(log.history, own_name(log, "loss"), said["train"])
    same(log.history, own_name(log, "eval_loss"), said["valid"])
    same(log.history, own_name(log, "learning_rate"), said["rate"])


def test_keras_csv_logger(written):
    folder, said = written(
        """
import keras, numpy as np
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", metrics=["mae"])
x = np.random.randn(40, 2)
writer = keras.callbacks.CSVLogger("log.csv")
seen = model.fit(x, x[:, :1], epochs=6, validation_split=0.25, verbose=0, callbacks=[writer]).history
said(**{name: dict(enumerate(float(value) for value in values)) for name, values in seen.items()})
""",
        "keras",
        KERAS_BACKEND="torch",
    )
    (log,) = read_logs(folder / "log.csv")

    assert set(said) == {"loss", "mae", "val_loss", "val_mae"}
    for name, (_, values) in said.items():
        assert log.history[own_name(log, name)].values.tolist() == list(values)


def own_name(log, name):
    """What a column of the log is called in its history."""
    return next((ours for ours, theirs in log.taken.items() if theirs == name), name)
