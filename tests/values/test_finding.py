import pytest

from kilter.values.finding import Examination, Finding, Severity, Skipped, Strength, in_order


def finding(name, severity=Severity.WARNING, strength=Strength.MEASURED, follows=(), code="X101"):
    return Finding(
        code=code, name=name, severity=severity, seen="s", advice="a", strength=strength, follows=follows, evidence={}
    )


def names(findings):
    return [each.name for each in findings]


def test_the_gravest_come_first_then_the_best_proved_then_by_code():
    findings = (
        finding("note", Severity.NOTE, Strength.PROVED),
        finding("suspected", Severity.FAILURE, Strength.SUSPECTED),
        finding("late", Severity.FAILURE, Strength.PROVED, code="X200"),
        finding("early", Severity.FAILURE, Strength.PROVED, code="X100"),
    )

    assert names(in_order(findings)) == ["early", "late", "suspected", "note"]


def test_a_consequence_is_left_out_where_its_root_was_found():
    root = finding("explosion", Severity.FAILURE)
    consequence = finding("not-a-number", Severity.FAILURE, follows=("explosion",))

    assert names(in_order((consequence, root))) == ["explosion"]
    assert names(in_order((consequence,))) == ["not-a-number"]


def test_nothing_severe_hides_behind_a_milder_root():
    root = finding("explosion", Severity.NOTE)
    consequence = finding("not-a-number", Severity.FAILURE, follows=("explosion",))

    assert names(in_order((root, consequence))) == ["not-a-number", "explosion"]


def test_a_finding_does_not_explain_itself_away():
    twice = (finding("overlap", follows=("overlap",)), finding("overlap", follows=("overlap",)))

    assert names(in_order(twice)) == ["overlap", "overlap"]


def test_evidence_cannot_be_changed():
    evidence = {"share": 0.5}
    one = Finding(code="X", name="x", severity=Severity.NOTE, seen="s", advice="a", evidence=evidence)
    evidence["share"] = 0.7

    assert one.evidence["share"] == 0.5
    with pytest.raises(TypeError):
        one.evidence["share"] = 1


def test_an_examination_knows_its_worst():
    assert Examination(findings=()).worst is None
    assert Examination(findings=(finding("a", Severity.NOTE), finding("b"))).worst is Severity.WARNING


def test_many_skipped_checks_are_named_in_one_line():
    skipped = tuple(Skipped(name=name, reason="there is no text") for name in "abcdef")
    assert str(Examination(findings=(), skipped=skipped)).splitlines()[1:] == [
        "skipped 6 checks (`skipped` says why): a, b, c, d, e, f"
    ]


def test_an_examination_says_what_was_found_and_what_was_skipped():
    skipped = (Skipped(name="overlap", reason="there is one split"),)

    assert str(Examination(findings=(), skipped=skipped)) == "nothing found\nskipped overlap: there is one split"
    assert "X101 a, warning: s" in str(Examination(findings=(finding("a"),)))


def test_pages_show_what_was_seen_and_never_run_it():
    one = Finding(code="X", name="x", severity=Severity.NOTE, seen="<script>", advice="<b>")
    page = Examination(findings=(one,), skipped=(Skipped(name="<i>", reason="<u>"),))._repr_html_()

    assert not any(tag in page for tag in ("<script>", "<i>", "<u>"))
    assert "&lt;script&gt;" in page
