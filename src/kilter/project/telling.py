"""What may be told of a project's data while it is looked at and trained on: all, or ids and lengths only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kilter.report.hiding import hide_in_finding, hide_in_stage, words_of
from kilter.values.table import Kind

if TYPE_CHECKING:
    from kilter.project.reading import Project
    from kilter.values.finding import Examination
    from kilter.values.run import Stage
    from kilter.values.table import Dataset


def stage_as_told(stage: Stage, project: Project, dataset: Dataset) -> Stage:
    """A stage as who looks on may hear of it; without quotations where the project hides texts (`report.hide_texts`).

    Its columns may be named, and its classes and tags.
    """
    return hide_in_stage(stage, _known(project, dataset)) if project.file.report.hide_texts else stage


def examination_as_told(examination: Examination, project: Project, dataset: Dataset) -> Examination:
    """What checks found, in the same way."""
    if not project.file.report.hide_texts:
        return examination
    known = _known(project, dataset)
    return replace(examination, findings=tuple(hide_in_finding(found, known) for found in examination.findings))


def _known(project: Project, dataset: Dataset) -> frozenset[str]:
    schema = dataset.schema
    columns = {field.name for field in (*schema.inputs, *schema.joined)} | {schema.target}
    cells = [cell for table in dataset.splits.values() for cell in table.columns[schema.target].tolist()]
    labels = set[str]()
    if schema.target_kind is Kind.CATEGORY:
        labels = set(map(str, cells))
    elif schema.target_kind in (Kind.LABELS, Kind.TOKENS):
        labels = {str(label) for cell in cells if isinstance(cell, tuple) for label in cell}
    return words_of(project.file.model_dump(mode="json")) | columns | labels
