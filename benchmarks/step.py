"""A step of `fit` with its default hooks against a bare loop: digits, an MLP, one thread, CPU time, in one run.

The bare loop is the plainest PyTorch that trains the same model by the same recipe; its variants say what clipping
and the fused optimizer cost or bring, so that nobody has to guess what the ratio hides.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from machine import write_result
from torch import nn
from torch.nn import functional

from kilter.models.mlp import Mlp
from kilter.tasks.classification import Classification
from kilter.training.fit import fit
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "step.json")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
