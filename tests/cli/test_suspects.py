"""`kilter suspects`."""

import csv

import pytest

WRONG = (20, 61, 102, 143, 184)
PROJECT = """\
name: planted
task: classification
data: {train: rows.csv, target: label, split: {valid: 0, test: 0}}
model: {name: mlp, width: 8}
train: {length: 2ep}
baselines: [majority, linear]
"""


@pytest.fixture
def project(tmp_path):
    lines = [f"{(i * 37 % 101) / 100},{'ab'[((i * 37 % 101) > 50) ^ (i in WRONG)]}" for i in range(240)]
    (tmp_path / "rows.csv").write_text("\n".join(["x,label", *lines, ""]), "utf-8")
    (tmp_path / "kilter.yaml").write_text(PROJECT, "utf-8")
    return tmp_path / "kilter.yaml"


def test_suspects_are_listed_and_written(kilter, project, tmp_path):
    ended = kilter("suspects", project, "--out", tmp_path / "all.csv")

    assert ended.code == 0
    assert "are suspect" in ended.out
    assert "rows.csv:104" in ended.out
    assert "fold 5 of 5, linear" in ended.err
    rows = list(csv.DictReader((tmp_path / "all.csv").read_text("utf-8").splitlines()))
    assert "rows.csv:104" in {row["id"] for row in rows}


def test_the_document_holds_them_all(kilter, project):
    ended = kilter("suspects", project, "--json", "--quiet", "--folds", "4", "--with", "network")
    document = ended.document

    assert ended.err == ""
    assert document["answered_by"] == "network"
    assert document["folds"] == 4
    assert set(document["scores"]) == {"wrong labels", "agreement"}
    assert document["scores"]["wrong labels"]["caution"]
    assert set(document["suspects"][0]) == {
        "id",
        "inputs",
        "given",
        "likely",
        "given_probability",
        "likely_probability",
    }


def test_inputs_are_hidden_where_the_project_says_so(kilter, project, tmp_path):
    shown = kilter("suspects", project, "--json").document["suspects"][0]["inputs"]
    ended = kilter("suspects", project, "--set", "report.hide_texts=true", "--json", "--out", tmp_path / "all.csv")

    assert shown.replace(".", "").isdigit()
    assert all(each["inputs"].endswith("characters)") for each in ended.document["suspects"])
    assert "characters)" in (tmp_path / "all.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "all.xlsx"), "the table is CSV"),
        (("--out", "/no/such/all.csv"), "/no/such"),
        (("--with", "liner"), "linear"),
    ],
)
def test_wrong_usage_is_said_before_time_is_spent(kilter, project, words, said):
    ended = kilter("suspects", project, *words)

    assert ended.code == 2
    assert said in ended.err


def test_without_cleanlab_the_line_that_installs_it_is_said(kilter, project, monkeypatch):
    from kilter.project import suspecting
    from kilter.values.errors import MissingDependency

    def absent():
        raise MissingDependency("not installed", remedy="pip install 'kilter[cleanlab]'")

    monkeypatch.setattr(suspecting, "refuse_without_cleanlab", absent)
    ended = kilter("suspects", project, "--cleanlab")

    assert ended.code == 5
    assert "pip install 'kilter[cleanlab]'" in ended.err
