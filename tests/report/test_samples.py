from hypothesis import given
from hypothesis import strategies as st

from kilter.report.samples import MOST, places, samples_section
from kilter.values.document import Grid, Heading
from kilter.values.sample import Sample, Sampled


def sampled(step, *answers, confidence=None):
    samples = (
        Sample(id=f"row {at}", inputs=f"text {at}", target="a", decided=said, cost=1.0, confidence=confidence)
        for at, said in enumerate(answers)
    )
    return Sampled(step=step, samples=tuple(samples))


def grid(*sampled):
    heading, table = samples_section(sampled)
    assert isinstance(heading, Heading)
    assert isinstance(table, Grid)
    return table


def test_an_example_has_a_row_and_a_step_a_column():
    table = grid(sampled(0, "b", "a", confidence=0.5), sampled(1200, "a", "", confidence=0.75))
    assert table.columns == ("id", "input", "truth", "step 0", "step 1,200")
    assert table.rows == (
        ("row 0", "text 0", "a", "b 50.0 %", "a 75.0 % ✓"),
        ("row 1", "text 1", "a", "a 50.0 % ✓", "– 75.0 %"),
    )
    assert table.caption == "What was decided of 2 validation examples at 2 of 2 evaluations; ✓: it is the truth."


def test_an_example_that_was_not_shown_then_has_a_dash():
    assert grid(sampled(0, "b"), sampled(5, "a", "b")).rows[1][3:] == ("–", "b")


def test_of_many_evaluations_those_stand_at_which_something_changed():
    answers = ["b"] * 20 + ["c"] * 50 + ["a"] * 30
    shown = [sampled(step, said) for step, said in enumerate(answers)]
    assert places(shown) == [0, 20, 70, 99]


@given(st.lists(st.sampled_from("ab"), max_size=40))
def test_there_are_few_columns_and_the_ends_are_among_them(answers):
    chosen = places([sampled(step, said) for step, said in enumerate(answers)])
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= MOST
    if answers:
        assert {0, len(answers) - 1} <= set(chosen)
    if len(answers) > MOST:
        assert all(answers[at] != answers[at - 1] for at in chosen[1:-1])


def test_where_nothing_was_shown_there_is_no_section():
    assert list(samples_section(())) == []


def test_text_that_means_harm_is_shown_and_does_not_act():
    (row,) = grid(sampled(0, "\x1b[2J" + "long " * 1000)).rows
    assert "\x1b" not in row[3]
    assert len(row[3]) <= 70
