"""Findings in SARIF, the form in which editors and code hosts take the results of analyses.

Source: OASIS 2020, Static Analysis Results Interchange Format (SARIF) 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, final
from urllib.parse import quote

from kilter.values.finding import Finding, Severity
from kilter.values.json_form import to_json

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.FAILURE: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A finding and the file or folder that it is about.

    Attributes:
        finding: as a check gave it.
        path: as a person names it; empty where nothing of it is on disk.
        about: the part of the file that it is about, such as the name of a run.
    """

    finding: Finding
    path: str = ""
    about: str = ""


def sarif(found: Iterable[Located], *, version: str, described: Mapping[str, str] | None = None) -> dict[str, object]:
    """Findings as one SARIF document of one analysis.

    Args:
        found: in their order.
        version: of kilter.
        described: of codes, what the check proves, in a sentence.
    """
    found = tuple(found)
    first = {one.finding.code: one.finding for one in found}
    rules = sorted(first)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kilter",
                        "version": version,
                        "rules": [_rule(first[code], (described or {}).get(code, "")) for code in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, rules.index(one.finding.code)) for one in found],
            }
        ],
    }


def _rule(finding: Finding, described: str) -> dict[str, object]:
    rule: dict[str, object] = {"id": finding.code, "name": finding.name}
    return rule | ({"shortDescription": {"text": described}} if described else {})


def _result(located: Located, rule: int) -> dict[str, object]:
    finding = located.finding
    text = " ".join(part for part in (finding.seen, finding.advice, finding.experiment) if part)
    told = sha256(f"{finding.code}\n{located.path}\n{located.about}".encode()).hexdigest()
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        # The same finding about the same run is the same result, whatever its numbers.
        "partialFingerprints": {"kilter/v1": told},
        "properties": {
            "run": located.about,
            "causes": list(finding.causes),
            "where": list(finding.where),
            "evidence": to_json(finding.evidence),
        },
    }
    if located.path:
        places = [{"fullyQualifiedName": place} for place in finding.where]
        location: dict[str, object] = {"physicalLocation": {"artifactLocation": {"uri": uri_of(located.path)}}}
        result["locations"] = [location | ({"logicalLocations": places} if places else {})]
    return result


def uri_of(path: str) -> str:
    """A path as a URI: relative ones stay so, that a host finds them in its repository.

    >>> uri_of("runs/a b.csv"), uri_of("/logs/x.csv")
    ('runs/a%20b.csv', 'file:///logs/x.csv')
    """
    return Path(path).as_uri() if Path(path).is_absolute() else quote(Path(path).as_posix())
