from kilter.values.rate_suggestion import RateSuggestion


def suggestion(**options):
    given = {
        "rate": 0.003,
        "low": 0.0012,
        "high": 0.0071,
        "probes": (),
        "cost": 0.834,
        "length": 12_000,
        "stable": True,
    }
    return RateSuggestion(**given | options)


def test_it_says_its_rate_with_those_that_are_as_good_and_what_it_took():
    said = "learning rate 0.003, as good from 0.0012 to 0.0071 (for 12,000 steps; found at 0.83 times its cost)"
    assert str(suggestion()) == said
    assert "not settled, more budget may move it" in str(suggestion(stable=False))
