"""Files do not import each other in circles."""

import pytest

from rules.circles import breaches
from rules.source import Source, forbid

DOWN = Source("kilter/data/a.py", "from kilter.data.b import b")


def test_the_package_has_no_circles(package):
    forbid(breaches(package))


@pytest.mark.parametrize(
    "back",
    [
        "from kilter.data.a import a",
        "import kilter.data.a",
        "from kilter.data import a",
        "from .a import a",
        "from . import a",
        "def late():\n    from kilter.data.a import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from kilter.data.a import a",
    ],
)
def test_a_planted_circle_inside_a_folder_is_caught(back):
    (breach,) = breaches([DOWN, Source("kilter/data/b.py", back)])

    assert breach.said == "a circle of imports: " + breach.said.split(": ")[1]
    assert set(breach.said.split(": ")[1].split(" -> ")) == {"kilter.data.a", "kilter.data.b"}


def test_a_long_circle_and_a_second_one_are_both_told():
    long = [
        Source("kilter/data/b.py", "from kilter.data.c import c"),
        Source("kilter/data/c.py", "from kilter.data.a import a"),
    ]
    alone = Source("kilter/models/own.py", "from kilter.models.own import own")

    said = sorted(breach.said.count("->") for breach in breaches([DOWN, *long, alone]))

    assert said == [1, 3]


def test_a_diamond_is_no_circle():
    left, right = (Source(f"kilter/data/{side}.py", "from kilter.data.ground import g") for side in ("left", "right"))
    top = Source("kilter/data/top.py", "from kilter.data.left import x\nfrom kilter.data.right import y")

    assert list(breaches([top, left, right, Source("kilter/data/ground.py", "")])) == []
