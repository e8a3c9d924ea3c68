"""All trainings that are well, and one of them by its name."""

from __future__ import annotations

from kilter.testing.programs.entries import Training
from kilter.testing.programs.healthy_amounts import AMOUNTS
from kilter.testing.programs.healthy_batches import FORMS
from kilter.testing.programs.healthy_bodies import BODIES
from kilter.testing.programs.healthy_choices import CHOICES
from kilter.testing.programs.healthy_distributions import DISTRIBUTIONS
from kilter.testing.programs.healthy_images import IMAGES
from kilter.testing.programs.healthy_loops import LOOPS
from kilter.testing.programs.healthy_making import MAKING
from kilter.testing.programs.healthy_pairs import PAIRS
from kilter.testing.programs.healthy_pixels import PIXELS
from kilter.testing.programs.healthy_sequences import SEQUENCES
from kilter.testing.programs.healthy_tables import TABLES
from kilter.testing.programs.healthy_tags import TAGGED
from kilter.testing.programs.healthy_windows import WINDOWS

TRAININGS: tuple[Training, ...] = (
    *TABLES,
    *IMAGES,
    *SEQUENCES,
    *MAKING,
    *PAIRS,
    *LOOPS,
    *FORMS,
    *AMOUNTS,
    *PIXELS,
    *TAGGED,
    *DISTRIBUTIONS,
    *CHOICES,
    *WINDOWS,
    *BODIES,
)
"""With the metric that each reaches."""


def named(name: str) -> Training:
    """The training of this name."""
    return next(training for training in TRAININGS if training.name == name)
