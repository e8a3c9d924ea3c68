"""A walkthrough as JSON and back."""

import json

from kilter.values.json_form import dumps, from_json
from kilter.values.walkthrough import Passage, Walkthrough


def test_a_walkthrough_comes_back_as_it_was_written():
    passage = Passage(title="Tokens", said="Two.", columns=("token", "id"), rows=(("a", "5"), ("b", "6")), numeric=(1,))
    made = Walkthrough(
        id="t.csv:2", split="valid", weights="fresh ones", passages=(passage, Passage(title="x", said=""))
    )
    assert from_json(Walkthrough, json.loads(dumps(made))) == made
