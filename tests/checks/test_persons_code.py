"""Errors of the person's code become findings."""

import pytest
import torch
from torch import nn

from kilter.checks.persons_code import PersonsCodeFailed, failure, persons_code
from kilter.values.errors import UsageError
from kilter.values.finding import Severity, Strength


def refuse():
    message = "the mask is missing\nand more"
    raise KeyError(message)


def failed(call, doing="Making the program"):
    with pytest.raises(PersonsCodeFailed) as raised, persons_code(doing):
        call()
    return raised.value


def test_what_was_being_done_goes_with_the_error():
    told = failed(refuse)
    assert told.doing == "Making the program"
    assert isinstance(told.error, KeyError)
    assert told.__cause__ is told.error


def test_our_own_refusals_pass():
    with pytest.raises(UsageError), persons_code("a step"):
        raise UsageError("x", legal="y", remedy="z")


def test_an_interruption_passes():
    with pytest.raises(KeyboardInterrupt), persons_code("a step"):
        raise KeyboardInterrupt


def test_what_is_told_already_is_told_once():
    inner = PersonsCodeFailed("inside", ValueError())
    with pytest.raises(PersonsCodeFailed) as raised, persons_code("outside"):
        raise inner
    assert raised.value is inner


def test_the_finding_names_the_persons_own_line():
    finding = failure(failed(lambda: nn.Linear(3, 2)(torch.ones(1, 5))))
    assert finding.severity is Severity.FAILURE
    assert finding.strength is Strength.PROVED
    assert finding.where[0].startswith("test_persons_code.py:")
    assert "RuntimeError" in finding.seen
    assert any("test_persons_code.py" in line for line in finding.evidence["trace"])


def test_the_same_error_is_the_same_finding_whichever_probe_met_it():
    assert failure(failed(refuse, "one")) == failure(failed(refuse, "another"))


def test_an_error_without_a_word_says_so():
    def mute():
        raise ValueError

    assert failure(failed(mute)).seen == "`mute` raised ValueError: without a word."
