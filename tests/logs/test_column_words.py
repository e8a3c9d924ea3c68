import re

import pytest

from kilter.logs.column_words import STEPS, meaning
from kilter.values import curve_names
from kilter.values.curve_names import EPOCH, GRADIENT_NORM, LEARNING_RATE, SECONDS

LOSSES = {
    "train": ["train_loss", "training/loss", "train/loss_step", "Loss/train", "trainLoss", "tr_loss", "train.loss"],
    "valid": ["val_loss", "eval_loss", "eval/loss", "validation/epoch_loss", "valLoss", "dev loss", "valid/total_loss"],
    "test": ["test_loss", "Loss/test", "testing/avg_loss"],
    "": ["loss", "epoch_loss", "running_loss", "Loss", "total_loss"],
}


@pytest.mark.parametrize(("split", "name"), [(split, name) for split, names in LOSSES.items() for name in names])
def test_a_loss_and_its_split(split, name):
    found = meaning(name)

    assert (found.quantity, found.split) == ("loss", split)


@pytest.mark.parametrize(
    ("name", "curve"),
    [
        ("epoch", EPOCH),
        ("Epoch", EPOCH),
        ("trainer/epoch", EPOCH),
        ("lr", LEARNING_RATE),
        ("lr-Adam", LEARNING_RATE),
        ("lr-AdamW/pg1", LEARNING_RATE),
        ("train/learning_rate", LEARNING_RATE),
        ("learningRate", LEARNING_RATE),
        ("grad_norm", GRADIENT_NORM),
        ("train/grad_norm", GRADIENT_NORM),
        ("gradient/norm", GRADIENT_NORM),
        ("grad_2.0_norm_total", GRADIENT_NORM),
        ("gnorm", GRADIENT_NORM),
        ("_runtime", SECONDS),
        ("time_elapsed", SECONDS),
    ],
)
def test_what_only_training_has(name, curve):
    assert meaning(name).curve == curve


@pytest.mark.parametrize(
    "name",
    ["lr-SGD-momentum", "lr-Adam-weight_decay", "grad_2.0_norm/layer1.weight", "grad_norm_clipped", "_timestamp", "bs"],
)
def test_what_is_near_it_and_something_else(name):
    assert meaning(name).curve == ""
    assert meaning(name).quantity != STEPS


@pytest.mark.parametrize("name", ["eval_runtime", "eval/samples_per_second", "train_steps_per_second", "val_time"])
def test_what_the_machine_did_is_of_no_split(name):
    assert meaning(name).split == meaning(name).curve == ""


@pytest.mark.parametrize("name", ["step", "_step", "global_step", "trainer/global_step", "iter", "Iteration", "batch"])
def test_counters_of_steps(name):
    assert meaning(name).quantity == STEPS


def test_of_two_counters_the_one_of_optimizer_steps_comes_first():
    names = ["batch", "_step", "iteration", "global_step", "trainer/global_step"]

    assert sorted(names, key=lambda name: meaning(name).rank) == [
        "trainer/global_step",
        "global_step",
        "_step",
        "iteration",
        "batch",
    ]


SAID = [value for key, value in vars(curve_names).items() if key.isupper() and isinstance(value, str)]
RECORDED = [name for name in SAID if re.fullmatch(r"[a-z]+\.\w+", name)]


@pytest.mark.parametrize(
    "name",
    [
        *RECORDED,
        *(f"{measure}/encoder.0.norm1.weight" for measure in curve_names.LAYER_MEASURES),
        f"{curve_names.MOVING}head.weight",
        "valid.macro_f1",
        "valid.f1@0.5",
        "test.loss",
    ],
)
def test_kilters_own_names_stay(name):
    assert curve_names.TRAIN_LOSS in RECORDED
    assert meaning(name).curve == name


def test_training_is_read_by_step_and_validation_by_epoch():
    assert meaning("train_loss_step").rank < meaning("train_loss").rank < meaning("train_loss_epoch").rank
    assert meaning("val_loss_epoch").rank < meaning("val_loss").rank < meaning("val_loss_step").rank
    assert meaning("val_loss/dataloader_idx_0").rank < meaning("val_loss/dataloader_idx_1").rank


@pytest.mark.parametrize(
    ("name", "quantity"),
    [("val/acc", "accuracy"), ("valid/acc1", "top1"), ("eval_f1", "f1"), ("val_ce_loss", "ce_loss"),
     ("metrics/val_mean_iou", "mean_iou"), ("epoch_accuracy", "accuracy"), ("valacc", "accuracy")],
)  # fmt: skip
def test_quantities_are_spelt_one_way(name, quantity):
    assert meaning(name).quantity == quantity
