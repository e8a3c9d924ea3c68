from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.report.wording import (
    cautions,
    counted,
    direction,
    fixed,
    heading_of,
    interval,
    number,
    p_value,
    percent,
    readings,
    scored,
    shown,
    time,
    visible,
)
from kilter.values.score import Score


def test_numbers():
    assert [number(value) for value in (0.0, 3.0, -2.5, 13_810.0, 1234.56, 1e-9, 1.23456e8)] == [
        "0",
        "3",
        "-2.5",
        "13,810",
        "1,234.6",
        "1e-09",
        "123,456,000",
    ]
    assert [number(value) for value in (float("nan"), float("inf"), float("-inf"))] == ["nan", "inf", "-inf"]


def test_scores_keep_their_zeros_and_small_ones_do_not_vanish():
    assert [fixed(value) for value in (0.0, 0.8, -0.5, 12.3456, 512.34, 0.00042, 61_234.5)] == [
        "0.000",
        "0.800",
        "-0.500",
        "12.35",
        "512.3",
        "0.0004",
        "61,234.5",
    ]


def test_a_score_with_and_without_value_bounds_and_direction():
    whole = Score(name="RMSE", value=2.0, low=1.5, high=2.5, n=9, larger_is_better=False)
    bare = Score(name="AUC", value=0.9, low=None, high=None, n=9)
    none = Score(name="AUC", value=None, low=None, high=None, n=9, undefined="one class only")
    assert [scored(score) for score in (whole, bare, none)] == ["2.000 [1.500, 2.500]", "0.900", "undefined"]
    assert (interval(whole), interval(bare)) == ("[1.500, 2.500]", "–")
    assert (heading_of(whole), heading_of(bare)) == ("RMSE ↓", "AUC")
    assert (direction([bare, whole]), direction([bare])) == (" ↓: smaller is better.", "")


def test_small_words():
    assert (p_value(0.05), p_value(0.0), p_value(1.0)) == ("0.05", "< 0.0001", "1")
    assert (percent(1, 3), percent(0, 0)) == ("33.3 %", "–")
    assert (counted(0, "row"), counted(1, "row"), counted(2, "class", "classes")) == ("0 rows", "1 row", "2 classes")
    assert [time(seconds) for seconds in (0.0, 0.5, 61, 3700, 200_000)] == [
        "0 ms",
        "0.5 s",
        "1.0 min",
        "1.0 h",
        "2.3 d",
    ]


@pytest.mark.parametrize(
    ("hidden", "written"),
    [
        ("\x1b", r"\x1b"),
        ("\x00", r"\x00"),
        ("\x9b", r"\x9b"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("\r", r"\x0d"),
    ],
)
def test_hidden_characters_are_written_out(hidden, written):
    assert visible(f"a{hidden}b") == f"a{written}b"


def test_line_ends_tabs_and_foreign_scripts_stay():
    text = "a\nb\tc שלום 👩‍👧 é"
    assert visible(text) == text


@given(st.text(alphabet=st.characters(), max_size=300), st.integers(2, 60))
def test_shown_text_is_one_short_line_that_can_be_encoded(text, limit):
    line = shown(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    line.encode()
    assert visible(line) == line


def test_very_long_text_is_cut_at_once():
    assert shown("x" * 10_000_000, 10) == "xxxxxxxxx…"
    assert shown(" " * 10_000_000 + "x", 10) == "…"
    assert shown("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 5) == "👩‍👩…"


def test_an_interval_that_may_not_hold_is_marked_and_told_once_a_caution():
    plain = Score(name="mae", value=0.8, low=0.75, high=0.85, n=300)
    rmse = Score(name="rmse", value=0.8, low=0.75, high=0.85, n=300, caution="of 95 % it held 90 %")
    mse = Score(name="mse", value=0.8, low=0.75, high=0.85, n=300, caution="of 95 % it held 90 %")

    assert (interval(plain), interval(rmse)) == ("[0.750, 0.850]", "[0.750, 0.850]†")
    assert cautions([plain]) == ""
    assert cautions([rmse, plain, mse, rmse]) == " † rmse, mse: of 95 % it held 90 %."


def test_what_a_mean_is_taken_over_is_told():
    plain = Score(name="accuracy", value=0.8, low=None, high=None, n=3)
    macro = Score(name="macro_f1", value=0.8, low=None, high=None, n=3, reading="mean over labels in truth")

    assert readings([plain]) == ""
    assert readings([plain, macro, macro]) == " Mean over labels in truth: macro_f1."
