"""Names of the world in sixteen languages, from the CLDR tables that Babel carries.

Babel brings the tables with it, so that the demonstration downloads nothing. The source is the Unicode Common Locale
Data Repository (https://cldr.unicode.org), under the Unicode licence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel import Locale

PROJECT: Final = """\
# In which of 16 languages is this name? Names of territories, languages, scripts, currencies and
# cities, from the Unicode CLDR tables that Babel carries (Unicode licence).
name: names
task: classification

data:
  train: names.csv
  split: {valid: 0.1, test: 0.2} # in proportion to the languages
  inputs: {name: text}
  target: language
  ignore: [kind]
  leave_out: contradictions # names of several languages, once the audit has counted them

preprocessing:
  unit: character
  lower: false

model: {name: textcnn, embedding: 64, filters: 192, widths: [3, 4]}
batch: {tokens: 1024}
optimizer: {learning_rate: 5e-3, weight_decay: 0.01}
schedule: {name: cosine, warmup: 10%}
train: {length: 10ep}
"""

LANGUAGES: Final = ("cs", "da", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nl", "pl", "pt", "ro", "sv", "tr")

Row = tuple[str, str, str]  # name, language, kind


def names() -> list[Row]:
    """Every distinct pair of a name and a language, sorted, with the kind of thing that it names.

    A name that one language uses for things of several kinds (`Arabic`: a language and a script) is one row, under
    the first kind of: territory, language, script, currency, city. The rows depend on Babel's version alone.

    >>> rows = names()
    >>> rows == sorted(rows) and len({(name, language) for name, language, _ in rows}) == len(rows)
    True
    >>> ("Norwegen", "de", "territory") in rows
    True
    """
    kinds: dict[tuple[str, str], str] = {}
    for language in LANGUAGES:
        for name, kind in _read(Locale.parse(language)):
            kinds.setdefault((name, language), kind)
    return sorted((name, language, kind) for (name, language), kind in kinds.items())


def write_data(folder: Path) -> None:
    """Write `names.csv` into a folder."""
    with (folder / "names.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "language", "kind"))
        writer.writerows(names())


def _read(locale: Locale) -> Iterator[tuple[str, str]]:
    tables = (
        ("territory", locale.territories),
        ("language", locale.languages),
        ("script", locale.scripts),
        ("currency", locale.currencies),
    )
    for kind, table in tables:
        yield from ((name, kind) for name in table.values())
    yield from ((zone["city"], "city") for zone in locale.time_zones.values() if "city" in zone)
