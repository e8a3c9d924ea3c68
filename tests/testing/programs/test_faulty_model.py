"""Each fault costs or breaks what its entry says; every fifth by default, all in the slow suite."""

import pytest

from kilter.testing.programs.faulty_model import MODEL_FAULTS
from kilter.testing.programs.training import hurts


@pytest.mark.parametrize("fault", MODEL_FAULTS[::5], ids=lambda fault: fault.name)
def test_it_hurts(fault):
    hurts(fault)


@pytest.mark.slow
@pytest.mark.parametrize("fault", MODEL_FAULTS, ids=lambda fault: fault.name)
def test_all_of_them_hurt(fault):
    hurts(fault)
