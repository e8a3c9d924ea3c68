"""Fingerprints of rows."""

import numpy as np
import torch

from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.rows import distinct_rows, fingerprints, repeated, shared


def test_equal_rows_have_equal_fingerprints_and_others_have_not(make):
    x = torch.randn(200, 5, generator=torch.Generator().manual_seed(0))
    x[150:] = x[:50]
    bench = make((x, torch.zeros(200, dtype=torch.long), x[:40], torch.zeros(40, dtype=torch.long)), shuffle=False)
    read = given(bench)
    prints = fingerprints(bench, read.train)
    naive = len({tuple(row) for row in x.tolist()})
    assert distinct_rows(prints) == naive == 150
    assert repeated(prints).sum() == 100
    assert shared(fingerprints(bench, read.valid), prints).all()


def test_negative_nought_is_nought_and_order_counts(make):
    x = torch.tensor([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]])
    bench = make((x, torch.zeros(3, dtype=torch.long), x, torch.zeros(3, dtype=torch.long)), shuffle=False)
    prints = fingerprints(bench, given(bench).train)
    assert prints[0] == prints[1] != prints[2]
    assert prints.dtype == np.uint64
