"""A probe leaves the random states as they are, and an error of the person's code ends that probe alone."""

from dataclasses import dataclass
from typing import ClassVar, final

import pytest
import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import Effort, ProgramProbe
from kilter.engine.seeding import random_state
from kilter.values.finding import Skipped
from kilter.values.program import Program


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing(ProgramProbe):
    """Draws, then asks for the program."""

    code: ClassVar[str] = "L999"
    name: ClassVar[str] = "drawing"
    asks: bool = False

    def probe(self, bench):
        torch.rand(5)
        yield Skipped(name=self.name, reason="nothing to see")
        if self.asks:
            bench.made()


def refuse(seed):
    message = "no data"
    raise OSError(message)


@pytest.mark.parametrize("asks", [False, True])
def test_the_random_states_stay(asks):
    before = random_state().torch
    list(Drawing(asks=asks).examine(Bench(program=Program(make=refuse))))
    assert torch.equal(before, random_state().torch)


def test_an_error_of_the_persons_code_is_a_skip_beside_what_was_said():
    skipped, failed = Drawing(asks=True).examine(Bench(program=Program(make=refuse)))
    assert skipped.reason == "nothing to see"
    assert (failed.name, failed.reason) == ("drawing", "making the program raised OSError: no data")


def test_our_own_errors_are_ours():
    class Broken(ProgramProbe):
        code, name = "L998", "broken"

        def probe(self, bench):
            yield 1 / 0

    with pytest.raises(ZeroDivisionError):
        list(Broken().examine(Bench(program=Program(make=refuse))))


def test_a_probe_is_quick_unless_it_says_otherwise():
    assert Drawing().effort is Effort.QUICK
