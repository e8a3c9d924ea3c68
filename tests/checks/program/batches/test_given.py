"""What the loaders give, read once."""

import torch
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.batches.given import ROWS, given, named


def test_two_epochs_and_two_passes_are_read_once(make, sets):
    x, y, *valid = sets["digits"]()
    made = []

    def loaders():
        made.append(1)
        return DataLoader(TensorDataset(x, y), 32, shuffle=True), DataLoader(TensorDataset(*valid), 64)

    bench = make((x,), loaders=loaders)
    read = given(bench)
    assert given(bench) is read
    assert len(made) == 1
    assert read.train.rows == read.again.rows == len(x)
    assert read.train.whole
    assert read.valid.rows == len(valid[0])
    assert torch.equal(read.valid.joined((0,)), valid[0])
    assert not torch.equal(read.train.joined((0,)), read.again.joined((0,)))


def test_a_loader_without_end_is_read_in_part(make):
    def endless():
        while True:
            yield torch.randn(512, 3), torch.zeros(512, dtype=torch.long)

    read = given(make((torch.zeros(1, 3),), loaders=lambda: (endless(), None)))
    assert ROWS <= read.train.rows < ROWS + 512
    assert not read.train.whole
    assert read.valid is None


def test_batches_are_copies(make):
    buffer = torch.zeros(8, 3)

    def reused():
        for number in range(3):
            yield buffer.fill_(number), torch.zeros(8, dtype=torch.long)

    read = given(make((buffer,), loaders=lambda: (reused(), None)))
    assert [float(batch[0].mean()) for batch in read.train.batches] == [0.0, 1.0, 2.0]


def test_parts_of_other_shapes_are_not_joined(make):
    batches = [(torch.zeros(4, n), torch.zeros(4, dtype=torch.long)) for n in (3, 5)]
    read = given(make((torch.zeros(4, 3),), loaders=lambda: (batches, None)))
    assert read.train.joined((0,)) is None
    assert len(read.train.parts((0,))) == 2
    assert read.train.parts((7,)) is None


def test_places_in_words():
    assert named(("x", 0)) == "x.0"
    assert named(()) == "the batch"
