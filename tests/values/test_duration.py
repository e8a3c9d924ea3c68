import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.values.duration import UNITS, Duration


@pytest.mark.parametrize(
    ("text", "steps"),
    [("10ep", 400), ("2.5ep", 100), ("500st", 500), ("5%", 50), ("0.1%", 1), (" 1 ep ", 40), (".5ep", 20), ("0st", 0)],
)
def test_lengths_in_steps(text, steps):
    assert Duration.read(text).steps(steps_per_epoch=40, total=1000) == steps


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("20min", 1200), ("1.5h", 5400)])
def test_lengths_by_the_clock(text, seconds):
    duration = Duration.read(text)

    assert duration.is_clock
    assert duration.seconds == seconds


@pytest.mark.parametrize("text", ["", "10", "10 epochs", "-1ep", "ep", "1e3st", "10ep5st", "٣ep¼"])
def test_what_is_no_duration_is_refused_with_what_is_legal(text):
    with pytest.raises(ValueError, match=r"'10ep' \(epochs\)"):
        Duration.read(text)


@pytest.mark.parametrize(("text", "total"), [("5%", None), ("10s", 100)])
def test_what_has_no_length_in_steps_says_so(text, total):
    with pytest.raises(ValueError, match="cannot be told in steps"):
        Duration.read(text).steps(steps_per_epoch=10, total=total)


@given(st.integers(0, 10**11), st.sampled_from(sorted(UNITS)))
def test_reading_what_is_written_gives_the_same(thousandths, unit):
    duration = Duration(thousandths / 1000, unit)

    assert Duration.read(str(duration)) == duration


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_a_share_of_epochs_is_rounded_up_and_never_further_than_one(tenths, steps_per_epoch):
    steps = Duration(tenths / 10, "ep").steps(steps_per_epoch=steps_per_epoch)

    assert 0 <= steps - tenths * steps_per_epoch / 10 < 1 + 1e-6
