"""What is said beside a rate, on probes that are made up."""

import math

import pytest

from kilter.finders.rate_findings import rate_findings
from kilter.values.causes import CAUSE_NAMES
from kilter.values.rate_suggestion import RateProbe


def said(losses, *, rate=0.1, enclosed=True, start=2.0):
    probes = [RateProbe(rate=each, steps=50, seed=0, loss=loss) for each, loss in losses.items()]
    return list(rate_findings(probes, rate=rate, start=start, enclosed=enclosed))


HEALTHY = {0.05: 1.5, 0.1: 1.0, 0.2: 0.8, 0.4: 1.2}


def test_nothing_is_said_of_a_curve_that_is_enclosed():
    assert said(HEALTHY) == []


def test_nothing_is_said_of_an_edge_where_the_lowest_is_inside():
    assert said(HEALTHY, enclosed=False) == []


@pytest.mark.parametrize(
    ("losses", "end", "way"),
    [({0.05: 0.5, 0.1: 1.0, 0.2: 1.2}, "lowest", "lower"), ({0.05: 1.5, 0.1: 1.0, 0.2: 0.5}, "highest", "higher")],
)
def test_the_lowest_at_the_edge(losses, end, way):
    (finding,) = said(losses, enclosed=False)
    assert finding.name == "rate-at-the-edge"
    assert f"the {end} rate" in finding.seen
    assert f"a {way} rate" in finding.advice


def test_a_loss_that_never_falls():
    (finding,) = said({0.05: 1.99, 0.1: 1.98, 0.2: 2.1}, enclosed=False)
    assert finding.name == "no-rate-learns"
    assert "1.98 at 0.1" in finding.seen


def test_divergence_next_door():
    (finding,) = said(HEALTHY | {0.19: math.inf})
    assert finding.name == "divergence-next-door"
    assert "1.9 times" in finding.seen
    assert said(HEALTHY | {0.21: math.inf}) == []
    assert said(HEALTHY | {0.09: math.inf}) == []


def test_causes_are_known_ones():
    everything = said({0.05: 1.99, 0.1: 2.0, 0.15: math.inf})
    assert len(everything) == 2
    assert {cause for finding in everything for cause in finding.causes} <= CAUSE_NAMES
