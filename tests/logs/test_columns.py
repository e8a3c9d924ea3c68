import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.logs.columns import Columns, chosen_columns, curve_of, recognise
from kilter.values.errors import UsageError


def read(*names, points=100, **chosen):
    return recognise(dict.fromkeys(names, points), {curve.replace("__", "."): name for curve, name in chosen.items()})


def test_the_log_of_keras():
    found = read("epoch", "accuracy", "loss", "lr", "val_accuracy", "val_loss")

    assert found == Columns(
        curves={
            "epoch": "train.epoch",
            "accuracy": "train.accuracy",
            "loss": "train.loss",
            "lr": "train.learning_rate",
            "val_accuracy": "valid.accuracy",
            "val_loss": "valid.loss",
        },
        taken=found.taken,
    )
    assert found.notes == ()
    assert found.taken == {curve: name for name, curve in found.curves.items()}


def test_of_several_one_is_taken_and_it_is_said():
    found = read("epoch", "step", "train_loss_step", "train_loss_epoch", "val_loss")

    assert found.steps == "step"
    assert found.curves["train_loss_step"] == "train.loss"
    assert found.curves["train_loss_epoch"] == "train_loss_epoch"
    assert [note for note in found.notes if "train_loss_step is taken for train.loss, not train_loss_epoch" in note]


def test_a_column_with_one_point_gives_way():
    """The Trainer's last row has a `train_loss` of the whole training."""
    found = recognise({"loss": 50, "train_loss": 1, "eval_loss": 5})

    assert found.taken["train.loss"] == "loss"


def test_somebodys_choice_holds_without_a_word():
    found = read("step", "train_loss", "train.loss", "x", train__loss="x")

    assert found.curves["x"] == "train.loss"
    assert found.curves["train_loss"] == "train_loss"
    assert found.curves["train.loss"] == "train.loss (left aside)"
    assert found.notes == ()


def test_a_choice_that_this_log_does_not_have_changes_nothing():
    assert read("loss", train__loss="x").curves == {"loss": "train.loss"}


@pytest.mark.parametrize("name", ["train_ce_loss", "train_mse", "train/nll"])
def test_the_only_thing_that_is_minimised_is_the_loss(name):
    found = read("step", name)

    assert found.curves[name] == "train.loss"
    assert found.taken == {"step": "step", "train.loss": name}
    assert "only one of its split" in found.notes[0]


def test_parts_of_a_loss_are_not_taken_for_the_whole():
    found = read("epoch", "train/box_loss", "train/cls_loss", "val/box_loss")

    assert "train.loss" not in found.taken
    assert "valid.loss" not in found.taken
    assert "--column train.loss=train/box_loss" in found.notes[0]
    assert found.curves["train/cls_loss"] == "train.cls_loss"


def test_the_whole_is_taken_where_it_stands_beside_its_parts():
    found = read("train/loss", "train/box_loss", "train/cls_loss")

    assert found.taken["train.loss"] == "train/loss"
    assert found.notes == ()


def test_a_score_of_no_split_is_said_and_left_alone():
    found = read("epoch", "loss", "accuracy")

    assert found.curves["accuracy"] == "accuracy"
    assert "accuracy: of which split is not said" in found.notes[0]
    assert "--column valid_accuracy=accuracy" in found.notes[0]


def test_a_log_without_a_loss_is_told_how_to_say_it():
    assert "--column train_loss=NAME" in read("step", "x", "y").notes[0]
    assert read("step", "x", train__loss="x").notes == ()


def test_a_test_split_that_was_looked_at_all_the_time_is_validation():
    found = read("Loss/train", "Loss/test", "Accuracy/test")

    assert found.taken["valid.loss"] == "Loss/test"
    assert found.taken["valid.accuracy"] == "Accuracy/test"
    assert "100 times" in found.notes[0]


@pytest.mark.parametrize("points", [{"train_loss": 90, "val_loss": 9, "test_loss": 9}, {"loss": 90, "test_loss": 1}])
def test_a_test_at_the_end_is_a_test(points):
    found = recognise(points)

    assert found.taken["test.loss"] == "test_loss"
    assert found.notes == ()


def test_every_column_keeps_a_name_of_its_own():
    names = ["loss", "train_loss", "train/loss", "training_loss", "val_loss", "lr-a", "lr-b", "x", "y/z"]
    curves = read(*names).curves

    assert set(curves) == set(names)
    assert len(set(curves.values())) == len(names)


@pytest.mark.parametrize(
    ("text", "curve"),
    [
        ("train_loss", "train.loss"),
        ("train.loss", "train.loss"),
        ("loss", "train.loss"),
        ("val_loss", "valid.loss"),
        ("valid_accuracy", "valid.accuracy"),
        ("valid.macro_f1", "valid.macro_f1"),
        ("lr", "train.learning_rate"),
        ("gradient_norm", "train.gradient_norm"),
        ("epoch", "train.epoch"),
        ("step", "step"),
    ],
)
def test_a_curve_may_be_called_in_many_ways(text, curve):
    assert curve_of(text) == curve


@pytest.mark.parametrize("columns", [{"accuracy": "a"}, {"train_loss": "a", "loss": "b"}, {"loss": "a", "lr": "a"}])
def test_what_cannot_be_chosen_is_refused(columns):
    with pytest.raises(UsageError):
        chosen_columns(columns)


WORDS = ["train", "val", "test", "loss", "acc", "epoch", "step", "lr", "grad", "norm", "ce", "mse", "x", "0", "seconds"]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from(["_", "/", ".", " ", "-"]).map(lambda mark: mark.join(words))
)


@given(st.dictionaries(NAMES, st.integers(1, 9), max_size=8), st.dictionaries(NAMES, NAMES, max_size=2))
def test_whatever_the_names_no_column_is_lost_and_none_shares_a_curve(points, wanted):
    try:
        chosen = chosen_columns(wanted)
    except UsageError:
        chosen = {}
    found = recognise(points, chosen)

    assert set(found.curves) == points.keys() - {found.steps}
    assert len(set(found.curves.values())) == len(found.curves)
    assert all(found.curves.get(name, "step") == curve for curve, name in found.taken.items())
    assert all(found.taken[curve] == name for curve, name in chosen.items() if name in points)
