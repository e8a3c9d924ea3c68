"""Which checks of curves are asked when."""

import pytest

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.moments import AT_THE_END, LAYER_CHECKS, LIVE_CHECKS
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import scheduled
from kilter.testing.planted.histories_of_layers import FAULTS_OF_LAYERS
from kilter.values.finding import Finding


@pytest.mark.parametrize("some", [AT_THE_END, LIVE_CHECKS, LAYER_CHECKS], ids=["at the end", "live", "of layers"])
def test_they_are_among_the_checks_of_curves(some):
    assert all(check in CURVE_CHECKS for check in some)
    assert len({check.code for check in some}) == len(some)


def test_what_judges_an_end_finds_something_in_the_middle_of_a_good_run():
    """Were these asked before, they would cry wolf: that is what the tuple is for."""
    middle = scheduled(lambda at: 1e-3 * min(1.0, at / 0.3), falling()).first(100)
    said = [said for check in AT_THE_END for said in check.examine(middle) if isinstance(said, Finding)]
    assert said


@pytest.mark.parametrize("check", [check for check in CURVE_CHECKS if check not in AT_THE_END], ids=lambda c: c.name)
@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.6])
def test_all_others_are_silent_in_the_middle_of_a_good_run(check, share):
    whole = recorded(falling(), valid=falling(2.2, 0.4), evaluations=20, steps=600)
    part = whole.first(int(share * len(whole)))
    assert not [said for said in check.examine(part) if isinstance(said, Finding) and said.severity > 0]


def test_faults_of_layers_are_found_by_checks_of_layers():
    codes = {check.code for check in LAYER_CHECKS}
    assert {planted.code for planted in FAULTS_OF_LAYERS} == codes
