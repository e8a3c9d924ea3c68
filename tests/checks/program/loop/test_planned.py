"""Lengths of trainings."""

from kilter.checks.program.loop.planned import batches_an_epoch, planned_batches


def test_lengths(bench_of):
    assert batches_an_epoch([1, 2, 3]) == 3
    assert batches_an_epoch(iter([1, 2])) is None
    assert planned_batches(bench_of()) == 8 * 4
    assert planned_batches(bench_of(epochs=None)) is None
    assert planned_batches(bench_of(loader=lambda: iter([]))) is None
