"""All programs: those on which no check may say more than a note, and those whose fault must be found."""

from __future__ import annotations

from kilter.testing.programs.entries import Faulty
from kilter.testing.programs.faulty_data import DATA_FAULTS
from kilter.testing.programs.faulty_fitting import FITTING_FAULTS
from kilter.testing.programs.faulty_loop import LOOP_FAULTS
from kilter.testing.programs.faulty_loss import LOSS_FAULTS
from kilter.testing.programs.faulty_model import MODEL_FAULTS
from kilter.testing.programs.faulty_optimizers import OPTIMIZER_FAULTS
from kilter.testing.programs.faulty_outputs import OUTPUT_FAULTS
from kilter.testing.programs.faulty_splits import SPLIT_FAULTS
from kilter.testing.programs.faulty_structures import STRUCTURE_FAULTS
from kilter.testing.programs.healthy import TRAININGS
from kilter.testing.subjects import Healthy, Planted
from kilter.values.program import Program

HEALTHY_PROGRAMS: tuple[Healthy[Program], ...] = tuple(training.entry for training in TRAININGS)
"""As checks take them."""

FAULTS: tuple[Faulty, ...] = (
    *LOOP_FAULTS,
    *LOSS_FAULTS,
    *DATA_FAULTS,
    *MODEL_FAULTS,
    *OPTIMIZER_FAULTS,
    *OUTPUT_FAULTS,
    *SPLIT_FAULTS,
    *STRUCTURE_FAULTS,
    *FITTING_FAULTS,
)
"""With their twins and what they cost."""

PLANTED_PROGRAMS: tuple[Planted[Program], ...] = tuple(fault.entry for fault in FAULTS)
"""As checks take them."""
