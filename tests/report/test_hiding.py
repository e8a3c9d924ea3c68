"""No text of a row is left in a run that hides texts, and everything else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.composing import compose
from kilter.report.hiding import as_told, hide_in_finding, hides_texts, length, without_texts, words_of
from kilter.report.html import render_html
from kilter.report.terminal import render_terminal
from kilter.values.evaluation import Mistake, Slice
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.json_form import dumps
from kilter.values.run import Stage
from kilter.values.sample import Sample, Sampled
from kilter.values.score import Score
from kilter.values.walkthrough import Passage, Walkthrough

RARE = "zyzzyva"


def finding(code="D123", **fields):
    return Finding(**{"code": code, "name": "f", "severity": Severity.NOTE, "seen": "", "advice": "Look."} | fields)


@pytest.fixture
def planted(languages):
    """A run with a rare word in every place that quotes rows."""
    trained = languages.evaluation("test")
    wrong = Mistake(id="names.csv:9", inputs=f"a {RARE} b", target="cs", decided=f"{RARE}ed", cost=9.0)
    share = Score(name="accuracy", value=0.5, low=0.4, high=0.6, n=20)
    part = Slice(
        name=f"text has '{RARE}'",
        said=f"'text' has '{RARE}'",
        n=20,
        inside=share,
        outside=share,
        lost=0.2,
        p_value=0.001,
        examples=("names.csv:9",),
        masked="text has a token of 7 characters",
    )
    others = tuple(e for e in languages.evaluations if e is not trained)
    found = finding(
        seen=f"'name' has '{RARE}' and \"it's {RARE}\" in train, and 'cs' is a class.",
        advice=f"Drop '{RARE}'.",
        where=("names.csv:9", RARE),
        evidence={
            "split": "train",
            "words": [RARE, "cs"],
            "counts": {RARE: 3, "zyzzyvb": 4, "cs": 1},
            "rows": [{"row": "names.csv:9", "text": RARE}],
            "train": {"share": 0.5, "such as": [RARE]},
        },
    )
    failed = finding(
        "P100",
        seen=f"`forward` raised ValueError: no {RARE}.",
        where=("train.py:7", "layers.0.weight"),
        evidence={"trace": [f"train.py:7 forward: raise ValueError('{RARE}')"], "layers": ["layers.0.weight"]},
    )
    stage = Stage(
        name="audit",
        status="failed",
        seconds=1.0,
        summary=f"names.csv:9: '{RARE}' is no number",
        findings=(found, failed),
        skipped=(Skipped(name="s", reason=f"'{RARE}' stands in every row"),),
    )
    sample = Sample(id="names.csv:9", inputs=f"a {RARE}", target=RARE, decided=RARE[::-1], cost=1.0)
    walkthrough = Walkthrough(
        id="names.csv:9",
        split="valid",
        weights="the best weights",
        passages=(
            Passage(
                title="As it was read",
                said="The row.",
                columns=("column", "is", "value"),
                rows=(("name", "input", RARE), ("size", "input", "31"), ("", "target", "cs")),
                quoting=(2,),
            ),
        ),
    )
    return replace(
        languages,
        stages=(stage, *languages.stages),
        evaluations=(replace(trained, mistakes=(wrong, *trained.mistakes), slices=(part,)), *others),
        samples=(Sampled(step=0, samples=(sample,)),),
        walkthrough=walkthrough,
        environment={**languages.environment, "columns": {"name": "text"}},
    )


def papers(run):
    document = compose(run)
    return render_html(document), render_terminal(document, width=200, colour=False), dumps(run.stages)


def test_the_word_is_there_before_and_nowhere_after(planted):
    assert all(RARE in paper for paper in papers(planted))
    assert not any(RARE in paper for paper in papers(without_texts(planted)))


def test_the_project_file_says_so_for_every_report(planted):
    hiding = replace(planted, config={**planted.config, "report": {"hide_texts": True}})
    assert hides_texts(hiding.config)
    assert not hides_texts(planted.config)
    assert as_told(planted) is planted
    assert RARE not in render_html(compose(hiding))
    assert RARE not in dumps(as_told(hiding).stages)


def test_hiding_twice_changes_nothing_more(planted):
    once = without_texts(planted)
    assert without_texts(once) == once


def test_ids_numbers_labels_and_names_stay(planted):
    hidden = without_texts(planted)
    mistake, *others = hidden.evaluation("test").mistakes
    assert (mistake.id, mistake.inputs) == ("names.csv:9", "(11 characters)")
    assert (mistake.target, mistake.decided) == ("cs", "(9 characters)")
    assert [m.target for m in others] == [m.target for m in planted.evaluation("test").mistakes[1:]]
    assert hidden.evaluation("test").slices[0].name == "text has a token of 7 characters"
    assert [row[2] for row in hidden.walkthrough.passages[0].rows] == ["(7 characters)", "31", "cs"]
    found, failed = hidden.stages[0].findings
    assert found.seen == "'name' has (7 characters) and (12 characters) in train, and 'cs' is a class."
    assert found.where == ("names.csv:9", "(7 characters)")
    assert dict(found.evidence) == {
        "split": "train",
        "words": ["(7 characters)", "cs"],
        "counts": {"(7 characters)": 3, "(7 characters) no. 2": 4, "cs": 1},
        "rows": [{"row": "names.csv:9", "text": "(7 characters)"}],
        "train": {"share": 0.5, "such as": ["(7 characters)"]},
    }
    assert failed.seen == "`forward` raised ValueError: (its message is hidden)."
    assert failed.where == ("train.py:7", "layers.0.weight")
    assert failed.evidence["layers"] == ["layers.0.weight"]
    assert hidden.stages[0].summary == "names.csv:9: (7 characters) is no number"
    assert hidden.evaluation("test").scores == planted.evaluation("test").scores


def test_two_texts_of_one_length_do_not_look_alike(planted):
    (sample,) = without_texts(planted).samples[0].samples
    assert (sample.target, sample.decided) == ("(7 characters)", "(another 7 characters)")


def test_several_labels_stay_and_a_text_among_them_does_not(planted):
    run = replace(
        planted,
        samples=(
            Sampled(step=0, samples=(Sample(id="1", inputs="x", target="cs, de", decided=f"cs, {RARE}", cost=1.0),)),
        ),
    )
    (sample,) = without_texts(run).samples[0].samples
    assert (sample.target, sample.decided) == ("cs, de", "(11 characters)")


def test_names_of_layers_may_be_quoted_and_words_of_rows_that_look_like_them_may_not():
    quoted = "'layers.0.weight' is not trained."
    assert hide_in_finding(finding("P104", seen=quoted), frozenset()).seen == quoted
    assert hide_in_finding(finding("D104", seen=quoted), frozenset()).seen == "(15 characters) is not trained."


def test_apostrophes_are_no_quotation():
    said = "The rows' labels aren't those of the network's classes."
    assert hide_in_finding(finding(seen=said), frozenset()).seen == said


def test_what_a_project_file_says_may_be_said():
    known = words_of({"data": {"target": ["mood"]}, "slices": {"tokens": ["sad"]}})
    said = "'mood' and 'sad' in 'train', 'glad'."
    assert hide_in_finding(finding(seen=said), known).seen == "'mood' and 'sad' in 'train', (4 characters)."


def test_a_text_that_was_cut_is_as_long_or_longer():
    assert length("x" * 239 + "…") == "(240 characters or more)"
