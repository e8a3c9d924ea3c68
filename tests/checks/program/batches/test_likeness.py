"""How the splits differ."""

import numpy as np
import pytest
import torch

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.likeness import class_counts, class_gap, likeness, matched


def _bench(make, change=lambda x: x, rows=800):
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(6, 6, generator=generator)
    x = torch.randn(rows, 6, generator=generator) @ mixing
    y = (x[:, 0] > 0).long()
    half = rows // 2
    return make((change(x[:half]), y[:half], x[half:], y[half:]))


def test_splits_of_one_source_are_alike(make):
    seen = likeness(_bench(make))
    assert seen.moved.max() < 5 * seen.noise
    assert abs(seen.stretched).max() < 0.3
    assert 0.8 < seen.covariance < 1.2
    assert 0.8 < seen.variance < 1.2


def test_a_scaling_takes_its_square_of_variances_and_covariances(make):
    seen = likeness(_bench(make, lambda x: 2 * x))
    assert np.allclose(np.exp(-seen.stretched), 2, rtol=0.2)
    assert seen.variance == pytest.approx(4, rel=0.2)
    assert seen.covariance == pytest.approx(4, rel=0.2)


def test_noise_adds_to_variances_only(make):
    noise = 3 * torch.randn(400, 6, generator=torch.Generator().manual_seed(1))
    seen = likeness(_bench(make, lambda x: x + noise))
    assert seen.variance > 1.5
    assert seen.covariance == pytest.approx(1, abs=0.4)


def test_classes_are_counted_and_matched(make):
    x = torch.randn(300, 4)
    y = torch.cat([torch.zeros(150), torch.ones(50), torch.zeros(20), torch.ones(80)]).long()
    bench = make((x[:200], y[:200], x[200:], y[200:]), shuffle=False)
    left, right = class_counts(answers(bench))
    assert (left.tolist(), right.tolist()) == ([150, 50], [20, 80])
    assert class_gap(bench) == pytest.approx(0.55)
    rows, others = matched(bench, x[:200].double().numpy(), x[200:].double().numpy())
    assert len(rows) == len(others) == 70


def test_nothing_is_said_of_few_rows(make):
    assert likeness(_bench(make, rows=40)) is None
