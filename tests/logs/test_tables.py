import pytest

from kilter.logs.tables import read_table
from kilter.values.errors import DataError


@pytest.fixture
def table(tmp_path):
    def read(text, name="log.csv"):
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return read_table(path)

    return read


def test_rows_are_numbered_from_1_and_keep_their_names(table):
    log = table("epoch,loss\n0,2.5\n1,1.5\n")

    assert list(log.history.rows()) == [(1, {"epoch": 0.0, "loss": 2.5}), (2, {"epoch": 1.0, "loss": 1.5})]
    assert log.notes == ()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "  "])
def test_separators(table, separator):
    log = table(separator.join(["step", "loss"]) + "\n" + separator.join(["1", "0.5"]) + "\n")

    assert list(log.history.rows()) == [(1, {"step": 1.0, "loss": 0.5})]


def test_lightning_writes_training_and_validation_on_lines_of_their_own(table):
    log = table("epoch,step,train_loss,val_loss\n0,49,2.0,\n0,99,1.5,\n0,99,,1.8\n")

    assert log.history["train_loss"].steps.tolist() == [1, 2]
    assert log.history["val_loss"].steps.tolist() == [3]


def test_decimal_commas_between_semicolons(table):
    assert table("epoch;loss\n0;2,5\n1;1,5\n").history["loss"].values.tolist() == [2.5, 1.5]


def test_a_header_with_a_sign_of_a_comment(table):
    assert table("# epoch,loss\n0,2.5\n").history.names == ("epoch", "loss")


def test_a_header_that_stands_again_is_skipped_and_said(table):
    log = table("step,loss\n1,2\n2,1\nstep,loss\n3,0.5\n")

    assert log.history["loss"].values.tolist() == [2.0, 1.0, 0.5]
    assert "stands 2 times" in log.notes[0]


def test_a_last_row_that_was_cut_short_is_left_out_and_said(table):
    log = table("step,loss,val\n1,2,1\n2,1")

    assert len(log.history) == 1
    assert log.notes == ("The last row was cut short and is left out.",)


def test_rows_of_another_width_are_left_out_and_counted(table):
    log = table("step,loss\n1,2\n2,1,7\n3,1\n4,1\n")

    assert len(log.history) == 3
    assert log.notes == ("1 rows are not as wide as the header and are left out.",)


def test_a_column_that_says_the_split_parts_the_others(table):
    log = table("epoch,phase,loss,lr\n0,train,2,0.1\n0,val,3,0.1\n1,train,1,0.1\n1,val,2,0.1\n")

    assert log.history["train/loss"].values.tolist() == [2.0, 1.0]
    assert log.history["val/loss"].values.tolist() == [3.0, 2.0]
    assert log.history["lr"].values.tolist() == [0.1] * 4


def test_a_column_that_says_the_quantity_parts_the_values(table):
    log = table("step,metric,value\n1,train/loss,2\n1,val/loss,3\n2,train/loss,1\n")

    assert log.history["train/loss"].values.tolist() == [2.0, 1.0]
    assert log.history["val/loss"].values.tolist() == [3.0]


def test_what_tensorboard_lets_one_download_is_called_as_its_file(table):
    log = table("Wall time,Step,Value\n1.0,10,2.5\n2.0,20,1.5\n", name="run_1-tag-train_loss.csv")

    assert log.history["run_1-tag-train_loss"].values.tolist() == [2.5, 1.5]


def test_bands_that_an_export_adds_are_left_out(table):
    log = table('"Step","a - train/loss","a - train/loss__MIN","a - train/loss__MAX"\n1,2,1,3\n')

    assert log.history.names == ("Step", "a - train/loss")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 lines"),
        ("step,loss\n", "1 lines"),
        ("1,2.5\n2,1.5\n", "begins with numbers"),
        ("a,a\n1,2\n", "two columns called 'a'"),
        ("what,why\na,b\nc,d\n", "no column of numbers"),
        ("a,b\n1\n2\n3\n1,2\n", "are not as wide"),
    ],
)
def test_what_is_no_table_is_refused(table, text, said):
    with pytest.raises(DataError, match=said):
        table(text)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_table(tmp_path / "none.csv")
