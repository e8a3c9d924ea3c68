"""Batch normalisation over a handful of numbers."""

import pytest
from torch import nn

from kilter.checks.program.model.tiny_norm_batches import TinyNormBatches
from kilter.values.finding import Finding, Severity, Skipped


def _pictures():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 64, 2))


@pytest.mark.parametrize(("size", "severity"), [(2, Severity.WARNING), (4, Severity.WARNING), (8, Severity.NOTE)])
def test_few_numbers_behind_a_mean_are_found(size, severity, parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    (finding,) = said(TinyNormBatches(), program(lambda: parts.mlp(12, 8, 3, norm=nn.BatchNorm1d), given, size=size))
    assert isinstance(finding, Finding)
    assert finding.severity is severity
    assert finding.causes[0] == "bn_tiny_batch"
    assert finding.evidence["numbers"] == size


def test_large_batches_pictures_and_other_normalisations_are_silent(parts, program, said):
    given = (parts.data.numbers, parts.data.classes)
    assert said(TinyNormBatches(), program(lambda: parts.mlp(12, 8, 3, norm=nn.BatchNorm1d), given, size=32)) == []
    pictures = (parts.data.pictures, parts.data.sides)
    assert said(TinyNormBatches(), program(_pictures, pictures, size=2)) == []
    (skipped,) = said(TinyNormBatches(), program(lambda: parts.mlp(12, 8, 3, norm=nn.LayerNorm), given, size=2))
    assert isinstance(skipped, Skipped)
