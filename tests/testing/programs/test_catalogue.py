"""The catalogue: enough programs, names of causes that exist, and faults of nearly every kind."""

from kilter.testing.programs.catalogue import FAULTS, HEALTHY_PROGRAMS, PLANTED_PROGRAMS
from kilter.values.causes import CAUSE_NAMES, CAUSES
from kilter.values.program import Program


def test_there_are_enough_of_both():
    assert len(HEALTHY_PROGRAMS) >= 110
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == len(PLANTED_PROGRAMS) >= 65


def test_entries_make_programs():
    assert all(isinstance(entry.make(), Program) for entry in (*HEALTHY_PROGRAMS, *PLANTED_PROGRAMS))


def test_causes_exist_and_most_of_them_have_a_program():
    told = {cause for fault in FAULTS for cause in fault.causes}
    assert told <= CAUSE_NAMES
    assert {fault.family for fault in FAULTS} == set(CAUSES)
    assert len(told) >= 80


def test_a_fault_differs_from_its_twin():
    assert all(fault.program != fault.twin for fault in FAULTS)
