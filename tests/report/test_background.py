from __future__ import annotations

from dataclasses import replace

from kilter.report.background import environment_section, flat, found, stage_section
from kilter.values.document import Grid, Heading


def grids(blocks):
    return [block for block in blocks if isinstance(block, Grid)]


def test_stages_stand_with_times_findings_and_what_was_skipped(languages):
    stages, skipped = grids(stage_section(languages))
    assert stages.rows[0] == ("audit", "done", "2.1 s", "1 warning", "23,512 rows; 13,810 unambiguous ones go on.")
    assert stages.caption == "The way of the run, 1.3 min in all."
    assert skipped.rows == (("preflight", "padding-invariance", "no sequence is padded in the probe's batch"),)


def test_without_stages_there_is_no_section(languages):
    assert list(stage_section(replace(languages, stages=()))) == []


def test_environment_and_configuration_are_flat(languages):
    environment, configuration = grids(environment_section(languages))
    assert ("versions.torch", "2.13.0") in environment.rows
    assert ("git.dirty", "no") in environment.rows
    assert ("machine.accelerators", "–") in environment.rows
    assert ("optimizer.learning_rate", "0.003") in configuration.rows


def test_nothing_recorded_is_said(languages):
    blocks = list(environment_section(replace(languages, environment={}, config={})))
    assert [block.text for block in blocks if isinstance(block, Heading)] == ["Environment"]
    assert blocks[1].text == "Nothing was recorded of the environment."


def test_long_settings_are_cut():
    (row,) = flat({"packages": ["package==1.0"] * 1000})
    assert len(row[1]) <= 400


def test_findings_are_counted_by_severity(gated):
    assert found(gated.findings) == "1 failure, 1 warning"
    assert found(()) == "–"
