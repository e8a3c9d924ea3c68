import json

import pytest

from kilter.report.sarif import Located, sarif, uri_of
from kilter.values.finding import Finding, Severity


def finding(code, severity, **more):
    said = {"name": f"name-of-{code}", "seen": "It climbs.", "advice": "Lower the rate.", "causes": ("lr_too_high",)}
    return Finding(code=code, severity=severity, **said | more)


@pytest.fixture
def document():
    found = [
        Located(
            finding=finding("C103", Severity.WARNING, where=("step 5",), evidence={"x": float("nan")}), path="a/b.csv"
        ),
        Located(finding=finding("C101", Severity.FAILURE, experiment="Halve it."), path="a/b.csv", about="first"),
        Located(finding=finding("C103", Severity.NOTE)),
    ]
    return json.loads(json.dumps(sarif(found, version="1.2", described={"C101": "It diverges."}), allow_nan=False))


def test_it_is_one_run_of_one_tool(document):
    (run,) = document["runs"]

    assert document["version"] == "2.1.0"
    assert run["tool"]["driver"]["name"] == "kilter"
    assert run["tool"]["driver"]["version"] == "1.2"


def test_each_code_is_a_rule_once_and_results_point_at_it(document):
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == ["C101", "C103"]
    assert rules[0]["shortDescription"] == {"text": "It diverges."}
    assert "shortDescription" not in rules[1]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["C103", "C101", "C103"]
    assert [result["ruleId"] for result in run["results"]] == ["C103", "C101", "C103"]


def test_severities_are_levels_and_the_message_says_all(document):
    results = document["runs"][0]["results"]

    assert [result["level"] for result in results] == ["warning", "error", "note"]
    assert results[1]["message"]["text"] == "It climbs. Lower the rate. Halve it."
    assert results[0]["properties"]["evidence"] == {"x": "nan"}
    assert results[0]["properties"]["causes"] == ["lr_too_high"]


def test_results_stand_where_their_log_lies(document):
    first, _, last = document["runs"][0]["results"]

    assert first["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "a/b.csv"}},
            "logicalLocations": [{"fullyQualifiedName": "step 5"}],
        }
    ]
    assert "locations" not in last


def test_the_same_finding_of_the_same_run_is_the_same_result(document):
    prints = [result["partialFingerprints"]["kilter/v1"] for result in document["runs"][0]["results"]]
    other = sarif([Located(finding=finding("C103", Severity.NOTE, seen="Other."), path="a/b.csv")], version="1.3")

    assert len(set(prints)) == 3
    assert other["runs"][0]["results"][0]["partialFingerprints"]["kilter/v1"] == prints[0]


def test_no_finding_is_a_document_without_results():
    assert sarif([], version="1")["runs"][0]["results"] == []


@pytest.mark.parametrize(("path", "uri"), [("a b/ü.csv", "a%20b/%C3%BC.csv"), ("/x/y", "file:///x/y")])
def test_a_path_as_an_address(path, uri):
    assert uri_of(path) == uri
