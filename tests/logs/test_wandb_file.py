import math
import subprocess
import sys

import pytest

from kilter.logs.wandb_file import read_wandb_file
from kilter.values.errors import DataError


@pytest.fixture
def read(tmp_path, offline):
    def write(*records, content=None):
        path = tmp_path / "run-1a2b.wandb"
        path.write_bytes(offline.file_of(*records) if content is None else content)
        return read_wandb_file(path)

    return write


def test_numbers_of_each_step(read, offline):
    item, history = offline.item, offline.history

    file = read(
        offline.run("1a2b", "first"),
        history(0, item("_step", "0"), item("loss", "0.5"), item("layer.norm", "2", parts=True)),
        history(3, item("loss", "1e-3"), item("a.b", "-7"), item("_runtime", "2.5"), item("_timestamp", "1.7e9")),
    )

    assert (file.run, file.name, file.notes) == ("1a2b", "first", ())
    assert file.rows == ((0, {"loss": 0.5, "layer.norm": 2.0}), (3, {"loss": 0.001, "a.b": -7.0, "_runtime": 2.5}))


def test_a_step_that_stands_among_the_values(read, offline):
    item = offline.item
    bare = offline.field(2, item("_step", "12") + item("loss", "0.5"))

    assert read(bare).rows == ((12, {"loss": 0.5}),)


def test_words_for_numbers_that_are_none(read, offline):
    texts = {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    ((_, row),) = read(offline.history(1, *(offline.item(name, text) for name, text in texts.items()))).rows

    assert math.isnan(row["a"])
    assert (row["b"], row["c"]) == (math.inf, -math.inf)


def test_numbers_that_are_written_as_such(read, offline):
    field = offline.field
    whole = field(1, field(2, "a") + field(5, 13))  # zigzag: -7
    real = field(1, field(2, "b") + field(6, 0.25))

    assert read(offline.history(1, whole, real)).rows == ((1, {"a": -7.0, "b": 0.25}),)


def test_what_is_no_number_is_passed_over(read, offline):
    item = offline.item
    image = (item("image._type", '"image-file"', parts=True), item("image.width", "28", parts=True))
    others = (item("word", '"x"'), item("flag", "true"), item("none", "null"), item("list", "[1]"), item("empty", ""))

    assert read(offline.history(1, *image, *others, item("loss", "1"))).rows == ((1, {"loss": 1.0}),)


def test_an_object_in_one_piece_is_taken_apart(read, offline):
    text = '{"a": 1, "b": {"c": 2.5, "d": true}, "e": {"_type": "histogram", "f": 3}}'

    assert read(offline.history(1, offline.item("x", text))).rows == ((1, {"x.a": 1.0, "x.b.c": 2.5}),)


def test_steps_that_metrics_are_given(read, offline):
    file = read(
        offline.metric("loss", "global_step"), offline.metric("*", "epoch", pattern=True), offline.field(12, b"")
    )

    assert dict(file.steps) == {"loss": "global_step", "*": "epoch"}


def test_other_records_and_unknown_fields_are_passed_over(read, offline):
    field = offline.field
    history = offline.history(1, offline.item("loss", "1") + field(77, "new"))

    assert read(field(4, field(3, "printed")), history + field(99, 5)).rows == ((1, {"loss": 1.0}),)


@pytest.mark.parametrize("size", [*range(32700, 32780), 70_000, 140_000])
def test_records_across_the_borders_of_blocks(read, offline, size):
    padding = offline.field(4, "x" * size)

    assert read(padding, offline.history(1, offline.item("loss", "1")), padding).rows == ((1, {"loss": 1.0}),)


def test_a_run_without_its_record_is_called_by_its_file(read):
    assert (read().run, read().rows) == ("1a2b", ())


@pytest.mark.parametrize("cut", [1, 7, 20])
def test_a_record_that_was_cut_short_is_left_out_and_said(read, offline, cut):
    kept, lost = (offline.history(step, offline.item("loss", "1")) for step in (1, 2))
    content = offline.file_of(kept, lost)[:-cut]

    file = read(content=content)

    assert file.rows == ((1, {"loss": 1.0}),)
    assert file.notes == (
        f"The last {len(lost) + 7 - cut} bytes of run-1a2b.wandb are no whole record and are left out.",
    )


def test_a_long_record_that_was_cut_short_between_its_parts(read, offline):
    kept, lost = offline.history(1, offline.item("loss", "1")), offline.field(4, "x" * 70_000)
    content = offline.file_of(kept, lost)[: 2 * 32768]

    file = read(content=content)

    assert file.rows == ((1, {"loss": 1.0}),)
    assert file.notes == (
        f"The last {2 * 32768 - 7 - len(kept) - 7} bytes of run-1a2b.wandb are no whole record and are left out.",
    )


def test_behind_damage_reading_goes_on_with_the_next_block(read, offline):
    first, padding, last = (
        offline.history(1, offline.item("loss", "1")),
        offline.field(4, "x" * 40_000),
        offline.history(2, offline.item("loss", "2")),
    )
    content = bytearray(offline.file_of(padding, first, padding, last))
    content[100] ^= 1

    file = read(content=bytes(content))

    assert file.rows == ((1, {"loss": 1.0}), (2, {"loss": 2.0}))
    assert file.notes == ("1 damaged records of run-1a2b.wandb are left out.",)


def test_a_record_that_is_no_message_is_damage(read, offline):
    assert read(b"\xff\xff\xff", offline.run("x")).notes == ("1 damaged records of run-1a2b.wandb are left out.",)


def test_what_is_no_file_of_wandbs_is_said(tmp_path):
    (tmp_path / "run-x.wandb").write_bytes(b":W&Bxxx")

    with pytest.raises(DataError, match="does not begin as W&B's files do"):
        read_wandb_file(tmp_path / "run-x.wandb")
    with pytest.raises(DataError, match="No such file"):
        read_wandb_file(tmp_path / "run-y.wandb")


def test_reading_needs_neither_torch_nor_wandb(read, offline, tmp_path):
    read(offline.history(1, offline.item("loss", "1")))
    code = (
        "import sys, pathlib; from kilter.logs.wandb import read_wandb\n"
        f"read_wandb(pathlib.Path({str(tmp_path)!r})); print({{'torch', 'wandb'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"
