"""Probes leave everything as it was, and errors of the person's code are findings."""

import random

import numpy as np
import pytest
import torch

from kilter.checks.persons_code import PersonsCodeFailed, failure, persons_code
from kilter.checks.preflight.probe import Probe
from kilter.testing.healthy.pipelines import over_numbers
from kilter.testing.state import random_states
from kilter.values.errors import UsageError
from kilter.values.finding import Finding, Severity, Skipped


class Draws(Probe):
    """Draws from everything, and says so in two parts."""

    code = "P999"
    name = "draws"

    def probe(self, pipeline):
        yield Skipped(name=self.name, reason="first")
        random.random()
        np.random.random()  # noqa: NPY002 - what other people's code draws from
        torch.rand(1)
        torch.set_grad_enabled(False)
        yield Skipped(name=self.name, reason="second")


class Meets(Probe):
    """Meets an error of the person's code, after it has said something."""

    code = "P999"
    name = "meets"

    def probe(self, pipeline):
        yield Skipped(name=self.name, reason="before")
        with persons_code("Calling"):
            torch.nn.Linear(2, 2)(torch.ones(3))


class Mistaken(Probe):
    """Makes a mistake of its own."""

    code = "P999"
    name = "mistaken"

    def probe(self, pipeline):
        yield from ()
        raise ZeroDivisionError


def test_random_states_and_modes_are_as_before_even_between_two_findings():
    before = random_states()
    for said in Draws().examine(over_numbers()):
        assert isinstance(said, Skipped)
        assert random_states() == before
    assert torch.is_grad_enabled()


def test_an_error_of_the_persons_code_is_a_finding_with_its_place():
    before, said = Meets().examine(over_numbers())
    assert before.reason == "before"
    assert isinstance(said, Finding)
    assert (said.code, said.name, said.severity) == ("P100", "probe-failed", Severity.FAILURE)
    assert said.seen.startswith("`probe` raised RuntimeError: ")
    assert said.where[0].startswith("test_probe.py:")
    assert any("functional.py" in line or "linear.py" in line for line in said.evidence["trace"])


def test_our_own_mistakes_propagate():
    with pytest.raises(ZeroDivisionError):
        list(Mistaken().examine(over_numbers()))


def test_kilters_own_errors_are_no_findings():
    with pytest.raises(UsageError), persons_code("Calling"):
        raise UsageError("no")


def test_what_was_being_done_goes_with_the_error():
    with pytest.raises(PersonsCodeFailed) as caught, persons_code("Making a batch"):
        raise ValueError
    assert caught.value.doing == "Making a batch"
    assert "without a word" in failure(caught.value).seen
