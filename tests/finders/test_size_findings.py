from dataclasses import replace

import pytest

from kilter.finders.size_findings import size_findings
from kilter.values.batch_suggestion import BatchSuggestion, Budget, Counted, NoiseScale, SizeProbe, StepTime
from kilter.values.finding import Severity

MIB = 2**20
PLAIN = BatchSuggestion(
    size=64,
    largest=64,
    bounded_by="asked",
    budget=Budget(bytes=100 * MIB, counts=Counted.RESIDENT, source="the machine", kept_back=0.1),
    probes=(SizeProbe(size=64, peak=60 * MIB, between=40 * MIB, fits=True, said="it fits", steps=3),),
    times=(StepTime(size=64, seconds=0.1),),
    noise=NoiseScale(examples=100, low=60, high=200, batches=32, after=50),
)


def noise(**options):
    return replace(PLAIN.noise, **options)


def found(suggestion, *, rows=10_000, **options):
    return {finding.code: finding for finding in size_findings(suggestion, rows=rows, **options)}


def test_nothing_is_said_of_a_size_that_suits():
    assert found(PLAIN) == {}
    assert found(replace(PLAIN, noise=None)) == {}


@pytest.mark.parametrize(
    ("suggestion", "options", "code", "said"),
    [
        (replace(PLAIN, noise=noise(high=15)), {}, "F101", "64 examples, 4 times the gradient noise scale"),
        (replace(PLAIN, accumulate=7), {"devices": 2}, "F101", "896 examples"),
        (PLAIN, {"rows": 64}, "F102", "an epoch is one step"),
        (replace(PLAIN, size=32), {"rows": 64, "devices": 2}, "F102", "whole training split of 64"),
        (
            replace(PLAIN, bounded_by="memory", probes=(replace(PLAIN.probes[0], between=85 * MIB),)),
            {},
            "F103",
            "Between steps 85 of 100 MiB",
        ),
        (replace(PLAIN, bounded_by="memory", noise=noise(low=1000)), {}, "F104", "steps of 64 examples"),
        (replace(PLAIN, times=()), {}, "F105", "64 is the largest size, not the quickest"),
    ],
)
def test_each_thing_that_is_worth_saying_is_said_alone(suggestion, options, code, said):
    (finding,) = found(suggestion, **options).values()

    assert finding.code == code
    assert said in finding.seen
    assert finding.severity is Severity.NOTE
    assert finding.evidence


@pytest.mark.parametrize(
    ("suggestion", "options"),
    [
        (replace(PLAIN, noise=noise(high=16)), {}),
        (replace(PLAIN, noise=noise(high=None)), {}),
        (replace(PLAIN, noise=noise(examples=None, low=1000)), {}),  # bounded by what was asked, not by memory
        (replace(PLAIN, bounded_by="memory", noise=noise(low=128)), {}),
        (replace(PLAIN, bounded_by="memory", size=32, noise=noise(low=1000)), {}),  # the quickest, by choice
        (replace(PLAIN, probes=(replace(PLAIN.probes[0], between=95 * MIB),)), {}),
        (replace(PLAIN, times=()), {"timed": False}),
    ],
)
def test_just_beside_it_nothing_is_said(suggestion, options):
    assert found(suggestion, **options) == {}


def test_the_batches_that_reach_the_noise_are_told():
    finding = found(replace(PLAIN, bounded_by="memory", noise=noise(low=1000)))["F104"]
    assert finding.evidence["batches"] == 16
    assert "Accumulate up to 16 batches a step" in finding.advice
