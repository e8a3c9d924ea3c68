import pytest

from kilter.project.data_files import find_files, split_of
from kilter.values.errors import UsageError


@pytest.fixture
def folder(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).write_text("a\n1\n", "utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.csv", "train"),
        ("Reviews_DEV.jsonl.gz", "valid"),
        ("my-validation.parquet", "valid"),
        ("test_2024.npz", "test"),
        ("eval.tsv", "test"),
        ("latest.csv", None),
        ("trainers.csv", None),
        ("data.csv", None),
    ],
)
def test_a_word_of_the_name_tells_the_split(tmp_path, name, split):
    assert split_of(tmp_path / name) == split


def test_one_file_is_all_there_is(folder):
    path = folder("test.csv") / "test.csv"

    assert find_files(path).splits == {"train": path}


def test_a_folder_is_told_apart_and_the_rest_is_left_aside_and_said(folder):
    files = find_files(folder("test.csv", "dev.csv", "train.csv", "extra.csv", "README.md", ".hidden.csv"))

    assert {split: path.name for split, path in files.splits.items()} == {
        "train": "train.csv",
        "valid": "dev.csv",
        "test": "test.csv",
    }
    assert list(files.splits) == ["train", "valid", "test"]
    assert files.why == "their names say so; extra.csv left aside"


def test_files_are_taken_as_they_are_given(folder):
    here = folder("a_train.csv", "a_test.csv", "b_train.csv")

    assert list(find_files([here / "a_test.csv", here / "a_train.csv"]).splits) == ["train", "test"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("train.csv", "training.csv"), "both look like train"),
        (("dev.csv", "test.csv"), "nobody can tell which split dev.csv, test.csv is"),
        (("one.csv", "two.csv"), "nobody can tell which split one.csv, two.csv is"),
        (("notes.md",), "has no data files"),
    ],
)
def test_what_cannot_be_told_is_said(folder, names, said):
    with pytest.raises(UsageError, match=said):
        find_files(folder(*names))


def test_a_file_given_that_fits_no_split_is_not_left_aside(folder):
    here = folder("train.csv", "extra.csv")

    with pytest.raises(UsageError, match=r"extra\.csv"):
        find_files([here / "train.csv", here / "extra.csv"])


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        find_files(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="no files"):
        find_files([])


def test_texts_about_the_data_are_no_data(folder):
    assert find_files(folder("rows.csv", "README.txt", "terms.txt")).splits["train"].name == "rows.csv"


def test_texts_alone_are_data(folder):
    here = folder("train.txt", "test.txt", "LICENSE.txt")

    assert list(find_files(here).splits) == ["train", "test"]


@pytest.mark.parametrize(("above", "found"), [("", {"train": ""}), ("train/", {"train": "train"})])
def test_folders_of_images_stand_for_files(tmp_path, above, found):
    image = tmp_path / "set" / above / "cats" / "1.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"an image, as far as its name says")
    here = tmp_path / "set"

    assert find_files(here).splits == {split: here / name for split, name in found.items()}


def test_split_folders_of_images_are_told_by_their_names(tmp_path):
    for split in ("training", "dev", "test"):
        image = tmp_path / split / "cats" / "1.jpg"
        image.parent.mkdir(parents=True)
        image.write_bytes(b"an image")

    assert find_files(tmp_path).splits == {
        "train": tmp_path / "training",
        "valid": tmp_path / "dev",
        "test": tmp_path / "test",
    }
