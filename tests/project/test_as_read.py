from kilter.project.as_read import with_notes
from kilter.project.flow import audit_project
from kilter.project.reading import read_project
from kilter.values.finding import Examination, Severity
from kilter.values.table import Dataset, Kind, Schema

SCHEMA = Schema(inputs=(), target="y", target_kind=Kind.NUMBER)


def said(*notes):
    return with_notes(Examination(findings=()), Dataset(splits={}, schema=SCHEMA, notes=notes)).findings


def test_each_file_has_its_note():
    first, second = said("a.csv: one", "a.csv: two: three", "b.csv: four", "a.csv: five")

    assert (first.seen, first.where, first.severity) == ("a.csv: one; two: three; five.", ("a.csv",), Severity.NOTE)
    assert second.seen == "b.csv: four."


def test_nothing_noticed_nothing_said():
    assert said() == ()


def test_many_notes_are_counted():
    (finding,) = said(*(f"a.csv: note {number}" for number in range(9)))

    assert finding.seen.endswith("note 5; and 3 more.")
    assert len(finding.evidence["notes"]) == 9


def test_the_audit_of_a_project_says_how_its_files_were_read(tmp_path):
    lines = [f"{i % 7},5;{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["x;y", *lines]), "utf-8")
    (tmp_path / "kilter.yaml").write_text("task: classification\ndata: {train: a.csv, target: y}\n", "utf-8")
    found = {finding.name: finding.seen for finding in audit_project(read_project(tmp_path)).findings}

    assert "fields are parted by semicolons; numbers have decimal commas" in found["as-read"]
