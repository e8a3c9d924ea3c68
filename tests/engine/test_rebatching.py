"""Loaders of other people give batches of another size, or it is said what is missing."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader, IterableDataset, RandomSampler, SequentialSampler, TensorDataset

from kilter.engine.rebatching import Regrouped, rebatched, widest
from kilter.values.errors import UsageError

NUMBERS = torch.arange(20.0).reshape(10, 2)
CLASSES = torch.arange(10)
TABLE = TensorDataset(NUMBERS, CLASSES)


def rows(loader):
    return [batch[1].tolist() for batch in loader]


def shuffled(seed=0, **options):
    return DataLoader(TABLE, 4, shuffle=True, generator=torch.Generator().manual_seed(seed), **options)


def test_a_loader_keeps_its_order_and_has_other_batches():
    once = [row for batch in rows(shuffled()) for row in batch]
    again = rows(rebatched(shuffled(), 3))
    assert [len(batch) for batch in again] == [3, 3, 3, 1]
    assert [row for batch in again for row in batch] == once


def test_what_else_a_loader_was_told_stays():
    doubled = rebatched(DataLoader(TABLE, 4, drop_last=True, collate_fn=lambda items: (0, torch.tensor(len(items)))), 3)
    assert [int(batch[1]) for batch in doubled] == [3, 3, 3]
    sampler = RandomSampler(TABLE, num_samples=5, generator=torch.Generator().manual_seed(0))
    assert [len(batch) for batch in rows(rebatched(DataLoader(TABLE, 2, sampler=sampler), 4))] == [4, 1]


def test_a_batch_sampler_of_torch_is_made_again():
    loader = DataLoader(TABLE, batch_sampler=BatchSampler(SequentialSampler(TABLE), 2, drop_last=True))
    assert rows(rebatched(loader, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


class OfOneLength(BatchSampler):
    pass


def test_a_batch_sampler_of_ones_own_is_asked_for():
    loader = DataLoader(TABLE, batch_sampler=OfOneLength(SequentialSampler(TABLE), 2, drop_last=False))
    with pytest.raises(UsageError, match="OfOneLength") as raised:
        rebatched(loader, 4)
    assert "from_loop(make, batch_size=" in str(raised.value)


class Flow(IterableDataset):
    def __iter__(self):
        return iter([(number, at) for at, number in enumerate(NUMBERS)])


def test_a_stream_is_made_again():
    assert [len(batch) for batch in rows(rebatched(DataLoader(Flow(), 2), 4))] == [4, 4, 2]


def in_batches(size):
    return [{"x": NUMBERS[at : at + size], "y": (CLASSES[at : at + size], "text")} for at in range(0, 10, size)]


@given(st.integers(1, 10), st.integers(1, 12))
def test_batches_of_anything_are_cut_anew(before, after):
    regrouped = rebatched(in_batches(before), after)
    batches = list(regrouped)
    assert len(regrouped) == len(batches)
    assert [len(batch["x"]) for batch in batches[:-1]] == [after] * (len(batches) - 1)
    assert torch.equal(torch.cat([batch["x"] for batch in batches]), NUMBERS)
    assert torch.equal(torch.cat([batch["y"][0] for batch in batches]), CLASSES)
    assert {batch["y"][1] for batch in batches} == {"text"}


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([(torch.zeros(2, 3),), (torch.zeros(2, 4),)], "several shapes"),
        ([(torch.zeros(2, 3), torch.tensor(0.5))], r"\(2, 3\), \(\)"),
        ([(torch.zeros(2, 3), torch.zeros(2), torch.zeros(7))], r"\(7,\)"),
        (["text"], "no tensor"),
    ],
)
def test_what_cannot_be_cut_is_said(batches, said):
    with pytest.raises(UsageError, match=said):
        list(Regrouped(batches, 4))


def test_what_can_be_gone_through_once_has_no_length():
    once = Regrouped(iter(in_batches(5)), 4)
    with pytest.raises(TypeError, match="once"):
        len(once)
    assert [len(batch["x"]) for batch in once] == [4, 4, 2]


def padded(items):
    return torch.nn.utils.rnn.pad_sequence([item for item, _ in items], batch_first=True)


def test_the_widest_examples_are_chosen_and_repeated_where_there_are_too_few():
    texts = [(torch.ones(length), 0) for length in (3, 9, 1, 7)]
    loader = DataLoader(texts, 2, collate_fn=padded)
    assert [batch.sum(1).tolist() for batch in widest(loader, 2)] == [[9.0, 7.0]]
    assert [batch.shape for batch in widest(loader, 6)] == [(6, 9)]


def test_of_batches_alone_it_is_the_widest_of_the_first():
    texts = [torch.zeros(2, 3), torch.zeros(2, 5), torch.zeros(2, 4)]
    assert [batch.shape for batch in widest(texts, 2)] == [(2, 5)]
    assert widest([], 2) == ()
    assert [batch[1].tolist() for batch in widest(DataLoader(Flow(), 2), 4)] == [[0, 1, 2, 3]]


def test_a_collation_that_takes_one_example_only_is_said():
    loader = DataLoader(list(range(6)), 1, collate_fn=lambda at: in_batches(2)[at[0] % 5])
    assert len(widest(loader, 1)) == 1
    with pytest.raises(UsageError, match="of 3 examples no more than of one"):
        widest(loader, 3)


class Read:
    """Examples that note that they were read."""

    def __init__(self, widths):
        self.widths, self.rows = widths, []

    def __len__(self):
        return len(self.widths)

    def __getitem__(self, row):
        self.rows.append(row)
        return torch.zeros(self.widths[row])


def test_of_examples_that_are_all_as_wide_few_are_read():
    data = Read([3] * 500)
    assert [batch.shape for batch in widest(DataLoader(data, 2), 5)] == [(5, 3)]
    assert len(set(data.rows)) <= 64 + 5
    assert len(set(data.rows[-6:-1])) == 5  # each another one, and the first once more
