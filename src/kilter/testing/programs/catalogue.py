"""All programs: those on which no check may say more than a note, and those whose fault must be found."""

from __future__ import annotations

from kilter.testing.programs.entries import Faulty, Training
from kilter.testing.programs.healthy_batches import FORMS
from kilter.testing.programs.healthy_images import IMAGES
from kilter.testing.programs.healthy_loops import LOOPS
from kilter.testing.programs.healthy_making import MAKING
from kilter.testing.programs.healthy_pairs import PAIRS
from kilter.testing.programs.healthy_sequences import SEQUENCES
from kilter.testing.programs.healthy_tables import TABLES
from kilter.testing.subjects import Healthy, Planted
from kilter.values.program import Program

TRAININGS: tuple[Training, ...] = (*TABLES, *IMAGES, *SEQUENCES, *MAKING, *PAIRS, *LOOPS, *FORMS)
"""With the metric that each reaches."""

HEALTHY_PROGRAMS: tuple[Healthy[Program], ...] = tuple(training.entry for training in TRAININGS)
"""As checks take them."""

FAULTS: tuple[Faulty, ...] = ()
"""With their twins and what they cost."""

PLANTED_PROGRAMS: tuple[Planted[Program], ...] = tuple(fault.entry for fault in FAULTS)
"""As checks take them."""
