"""Files stay short enough to hold one idea."""

import pytest

from rules.sizes import MOST, breaches
from rules.source import Source, forbid


def test_the_package_keeps_its_files_short(package):
    forbid(breaches(package))


@pytest.mark.parametrize(("lines", "caught"), [(MOST, 0), (MOST + 1, 1)])
def test_one_line_too_many_is_caught(lines, caught):
    assert len(list(breaches([Source("kilter/data/long.py", "x = 1\n" * lines)]))) == caught
