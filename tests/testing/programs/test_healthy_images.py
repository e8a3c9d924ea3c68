"""Each of these trainings learns what its entry says; all of them in the slow suite, every fourth by default."""

import pytest

from kilter.testing.programs.healthy_images import IMAGES
from kilter.testing.programs.training import learns


@pytest.mark.parametrize("training", IMAGES[::4], ids=lambda training: training.name)
def test_it_learns(training):
    learns(training)


@pytest.mark.slow
@pytest.mark.parametrize("training", IMAGES, ids=lambda training: training.name)
def test_all_of_them_learn_from_another_seed(training):
    learns(training, seed=1)
