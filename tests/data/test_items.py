from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from kilter.data.tabling import table_of
from kilter.values.errors import DataError


class Mapped(Dataset):
    """A data set of PyTorch over a list; it never raises IndexError, as many do not."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, number):
        return self.items[number % len(self.items)]


def test_pairs_of_tensors():
    x = torch.arange(6.0).reshape(3, 2).requires_grad_()
    table = table_of(TensorDataset(x, torch.tensor([0, 1, 0])), "train")
    assert list(table.columns) == ["x_0", "x_1", "label"]
    assert table.columns["x_1"].tolist() == [1, 3, 5]
    assert table.columns["label"].tolist() == [0, 1, 0]
    assert table.ids == ("train#0", "train#1", "train#2")


@pytest.mark.parametrize("wrap", [lambda data: DataLoader(data, batch_size=2, shuffle=True), lambda data: data])
def test_the_data_set_of_a_loader_in_its_order(wrap):
    table = table_of(wrap(TensorDataset(torch.arange(5.0)[:, None], torch.arange(5))))
    assert table.columns["x_0"].tolist() == table.columns["label"].tolist() == [0, 1, 2, 3, 4]


def test_a_subset_is_its_rows():
    whole = TensorDataset(torch.arange(5.0)[:, None], torch.arange(5))
    assert table_of(Subset(whole, [3, 1])).columns["label"].tolist() == [3, 1]


def test_images_get_their_channels_last():
    items = [(torch.full((3, 4, 5), float(level)), level) for level in (1, 2)]
    table = table_of(Mapped(items))
    assert table.columns["image"].shape == (2, 4, 5, 3)
    assert table.columns["image"][1, 0, 0, 0] == 2
    grey = table_of(Mapped([(torch.zeros(4, 5), 0)]))
    assert grey.columns["image"].shape == (1, 4, 5)


def test_pictures_are_images():
    image = pytest.importorskip("PIL.Image")
    picture = image.fromarray(np.full((4, 5, 3), 9, dtype=np.uint8))
    table = table_of(Mapped([(picture, "cat"), (picture, "dog")]))
    assert table.columns["image"].shape == (2, 4, 5, 3)
    assert table.columns["label"].tolist() == ["cat", "dog"]


def test_texts_and_words():
    table = table_of(Mapped([("one two", "a"), ("three", "b")]))
    assert table.columns["text"].tolist() == ["one two", "three"]
    tagged = table_of(Mapped([(["I", "see"], ["O", "O"]), (["Ann"], ["B-name"])]))
    assert tagged.columns["x"].tolist() == [("I", "see"), ("Ann",)]
    assert tagged.columns["label"].tolist() == [("O", "O"), ("B-name",)]


def test_mappings_and_longer_tuples():
    table = table_of(Mapped([{"text": "one", "size": torch.tensor(2), "half": torch.tensor(0.5).bfloat16()}]))
    assert {name: column.tolist() for name, column in table.columns.items()} == {
        "text": ["one"],
        "size": [2],
        "half": [0.5],
    }
    assert list(table_of(Mapped([(1.0, "a", 2)])).columns) == ["x0", "x1", "label"]


def test_data_sets_without_a_length():
    class Endless(IterableDataset):
        def __iter__(self):
            return iter([(torch.tensor([1.0, 2.0]), 1), (torch.tensor([3.0, 4.0]), 0)])

    assert table_of(Endless()).columns["x_1"].tolist() == [2, 4]


def test_all_unlike_items_are_told():
    with pytest.raises(DataError) as caught:
        table_of(Mapped([(torch.zeros(2), 0), (torch.zeros(3), 0), (torch.zeros(2),)]), "train")
    assert "train#1 x has shape (3,): the first one has (2,)" in str(caught.value)
    assert "train#2" in str(caught.value)


def test_an_item_that_raises_is_told():
    class Broken(Mapped):
        def __getitem__(self, number):
            if number == 1:
                message = "no such file"
                raise OSError(message)
            return super().__getitem__(number)

    with pytest.raises(DataError, match="train#1 OSError: no such file"):
        table_of(Broken([(1.0, 0)] * 3), "train")


def test_no_items():
    with pytest.raises(DataError, match="has no rows"):
        table_of(Mapped([]))


class Named:
    """What a Hugging Face data set is, as far as it is asked."""

    def __init__(self, features=None, **columns):
        self.columns_held = columns
        self.column_names = list(columns)
        self.features = features or {}

    def __len__(self):
        return len(next(iter(self.columns_held.values())))

    def __getitem__(self, name):
        return self.columns_held[name]


def test_a_data_set_with_named_columns_and_classes():
    tags = SimpleNamespace(feature=SimpleNamespace(names=["O", "B-name"]))
    features = {"label": SimpleNamespace(names=["bad", "good"]), "tags": tags}
    given = Named(features, text=["a", "b", "c"], label=[1, 0, -1], tags=[[0], [1, 0], []])
    table = table_of(given, "train")
    assert table.columns["text"].tolist() == ["a", "b", "c"]
    assert table.columns["label"].tolist() == ["good", "bad", None]
    assert table.columns["tags"].tolist() == [("O",), ("B-name", "O"), ()]


def test_an_arrow_table():
    pa = pytest.importorskip("pyarrow")
    table = table_of(pa.table({"text": ["a", None], "size": [1, 2], "words": [["x"], ["y", "z"]]}))
    assert table.columns["text"].tolist() == ["a", None]
    assert table.columns["size"].tolist() == [1, 2]
    assert table.columns["words"].tolist() == [("x",), ("y", "z")]


def test_splits_in_one_mapping_are_refused():
    splits = {"train": Named(text=["a"]), "test": Named(text=["b"])}
    with pytest.raises(DataError, match=r"holds several data sets \(train, test\).*data\['train'\]"):
        table_of(splits, "data")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(library):
    frame = pytest.importorskip(library).DataFrame(
        {"text": ["a", None], "size": [1.5, None], "words": [["x"], ["y", "z"]]}
    )
    table = table_of(frame)
    assert table.columns["text"].tolist() == ["a", None]
    np.testing.assert_array_equal(table.columns["size"], [1.5, np.nan])
    assert table.columns["words"].tolist() == [("x",), ("y", "z")]
