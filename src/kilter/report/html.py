"""A document as one HTML file that needs nothing else: no network, no server, and for its words no script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from kilter.report.evidence import evidence_grids
from kilter.report.wording import counted, visible
from kilter.values.document import Alerts, Block, Document, Figure, Grid, Heading, Paragraph
from kilter.values.finding import Finding
from kilter.values.json_form import to_json

OPEN_ROWS: Final = 25  # a longer table is folded; it opens by its summary line, and in print
MOST_PLACES: Final = 1000  # places named when it is unfolded
SORTED_ROWS: Final = 4  # a table of so many rows can be sorted
WHERE: Final = 3  # places named on an alert before the rest is folded

PLOTLY_STYLE: Final = "/* the chart library finds its place here */"

_BUNDLED_STYLE: Final = re.compile(r'document\.getElementById\("([0-9a-f]{64})"\)')
_CODE: Final = re.compile("`([^`\n]{1,200})`")


def render_html(document: Document) -> str:
    """A document as an HTML page.

    Text is escaped wherever it comes from; scripts and styles are ours and plotly's, named by their hashes in a content
    security policy that forbids every connection. Charts need scripts; the sentence under each does not.
    """
    body = list(_sections(document.blocks))
    drawn = any(isinstance(block, Figure) for block in document.blocks)
    head, page = _asset("theme.js"), _asset("page.js")
    styles = (_asset("page.css"), PLOTLY_STYLE)
    library = _plotly() if drawn else ""
    scripts = (head, *((library,) if drawn else ()), page)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, styles)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            '<link rel="icon" href="data:,">',
            f"<title>{_text(document.title)} · kilter report</title>",
            f"<style>{styles[0]}</style>",
            *(f'<style id="{place}">{PLOTLY_STYLE}</style>' for place in _style_places(library)),
            f"<script>{head}</script>",
            "</head>",
            "<body>",
            '<a class="skip" href="#verdict">Skip to the verdict</a>',
            '<header class="top">',
            '<p class="brand"><b>kilter</b> report</p>',
            '<button type="button" id="theme" hidden>Dark theme</button>',
            "</header>",
            '<div class="page">',
            *_contents(document.blocks),
            '<main id="main">',
            '<section id="verdict" class="verdict" aria-labelledby="title" tabindex="-1">',
            f'<h1 id="title" dir="auto">{_text(document.title)}</h1>',
            *body,
            "</section>",
            "</main>",
            "</div>",
            *(f"<script>{script}</script>" for script in scripts[1:]),
            "</body>",
            "</html>",
            "",
        ]
    )


def script_data(value: object) -> str:
    r"""JSON that can stand in a script element: no character of it can end the element or begin a comment.

    >>> script_data({"label": "</script><!--"})
    '{"label":"\\u003c/script\\u003e\\u003c!--"}'
    """
    text = json.dumps(to_json(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Nothing may be fetched, embedded or sent, and only these scripts and styles count.

    Charts paint heatmaps as images that stand in the page itself (`data:`), and set some styles as attributes.
    """
    return "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(map(_hash, scripts)),
            "style-src " + " ".join(map(_hash, styles)),
            "style-src-attr 'unsafe-inline'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _asset(name: str) -> str:
    return files("kilter.report").joinpath("assets", name).read_text(encoding="utf-8")


def _plotly() -> str:
    """The script that plotly's package ships, of some 5 MB."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def _style_places(library: str) -> Iterator[str]:
    """Ids of the style elements that the script would add; where it finds them it adds none, and the policy holds.

    Beside its own there are those of libraries bundled with it, which ask for ids made of a hash.
    """
    if library:
        yield "plotly.js-style-global"
        yield from dict.fromkeys(_BUNDLED_STYLE.findall(library))


def _contents(blocks: Sequence[Block]) -> Iterator[str]:
    yield '<nav aria-label="Sections"><ol>'
    yield '<li><a href="#verdict">Verdict</a></li>'
    for place, block in enumerate(blocks):
        if isinstance(block, Heading) and block.level <= 2:
            yield f'<li><a href="#{_anchor(block, place)}">{_text(block.text)}</a></li>'
    yield "</ol></nav>"


def _sections(blocks: Sequence[Block]) -> Iterator[str]:
    for place, block in enumerate(blocks):
        match block:
            case Heading() if block.level <= 2:
                anchor = _anchor(block, place)
                yield f'</section>\n<section id="{anchor}" aria-labelledby="{anchor}-title">'
                yield f'<h2 id="{anchor}-title" dir="auto">{_text(block.text)}</h2>'
            case Heading():
                yield f'<h3 id="{_anchor(block, place)}" dir="auto">{_text(block.text)}</h3>'
            case Paragraph():
                kind = ' class="lead"' if block.lead else ""
                yield f'<p{kind} dir="auto">{_prose(block.text)}</p>'
            case Grid():
                yield from _grid(block)
            case Figure():
                yield from _figure(block, place)
            case Alerts():
                yield from _alerts(block)


def _anchor(heading: Heading, place: int) -> str:
    """A name within the page, of letters, figures and dashes only; the place keeps two headings of one name apart."""
    slug = re.sub("[^a-z0-9]+", "-", heading.anchor.lower()).strip("-")
    return slug if slug and slug == heading.anchor else f"section-{place}"


def _grid(grid: Grid) -> Iterator[str]:
    folded = len(grid.rows) > OPEN_ROWS
    if folded:
        many = f"<span>{counted(len(grid.rows), 'row')}</span>"
        yield f'<details class="folded"><summary dir="auto">{_prose(grid.caption)} {many}</summary>'
    sortable = ' class="sortable"' if len(grid.rows) >= SORTED_ROWS and grid.numeric else ""
    yield f'<div class="table"><table{sortable}>'
    if grid.caption:
        yield f'<caption dir="auto"><span>{_prose(grid.caption)}</span></caption>'
    if any(grid.columns):
        head = "".join(
            f'<th scope="col"{_kind(c, grid)} dir="auto">{_text(t)}</th>' for c, t in enumerate(grid.columns)
        )
        yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for place, row in enumerate(grid.rows):
        first, *others = row or ("",)
        cells = "".join(f'<td{_kind(c, grid)} dir="auto">{_text(cell)}</td>' for c, cell in enumerate(others, 1))
        strong = ' class="strong"' if place in grid.emphasised else ""
        yield f'<tr{strong}><th scope="row"{_kind(0, grid)} dir="auto">{_text(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"
    if folded:
        yield "</details>"


def _kind(column: int, grid: Grid) -> str:
    return ' class="number"' if column in grid.numeric else ""


def _figure(figure: Figure, place: int) -> Iterator[str]:
    yield f'<figure id="figure-{place}">'
    yield f'<h3 dir="auto">{_text(figure.title)}</h3>'
    yield f'<div class="chart" role="img" aria-label="{_text(figure.title)}" aria-describedby="says-{place}"></div>'
    yield f'<script type="application/json" class="spec">{script_data(figure.spec)}</script>'
    yield '<div class="chosen" aria-live="polite"></div>'
    yield f'<figcaption id="says-{place}" dir="auto">{_prose(figure.says)}</figcaption>'
    yield "</figure>"


def _alerts(alerts: Alerts) -> Iterator[str]:
    yield '<ol class="alerts">'
    for finding in alerts.findings:
        yield from _alert(finding)
    yield "</ol>"


def _alert(finding: Finding) -> Iterator[str]:
    word = finding.severity.word
    yield f'<li class="alert {word}">'
    yield (
        f'<p class="name"><span class="severity">{word}</span> <b>{_text(finding.code)}</b> '
        f"{_text(finding.name)} <small>{finding.strength.name.lower()}</small></p>"
    )
    yield f'<p dir="auto">{_prose(finding.seen)}</p>'
    yield f'<p class="advice" dir="auto">{_prose(finding.advice)}</p>'
    if finding.experiment:
        yield f'<p class="advice" dir="auto">To tell the causes apart: {_prose(finding.experiment)}</p>'
    if finding.causes:
        causes = ", ".join(f"<code>{_text(cause)}</code>" for cause in finding.causes)
        yield f'<p class="causes">Likely causes: {causes}</p>'
    if finding.where:
        yield from _where(finding.where)
    grids = evidence_grids(finding)
    if grids:
        yield "<details><summary>Evidence</summary>"
        for grid in grids:
            yield from _grid(grid)
        yield "</details>"
    yield "</li>"


def _where(where: Sequence[str]) -> Iterator[str]:
    first = ", ".join(f"<code><bdi>{_text(place)}</bdi></code>" for place in where[:WHERE])
    if len(where) <= WHERE:
        yield f'<p class="where">Where: {first}</p>'
        return
    places = ", ".join(f"<code><bdi>{_text(place)}</bdi></code>" for place in where[:MOST_PLACES])
    if len(where) > MOST_PLACES:
        places += f" and {len(where) - MOST_PLACES:,} more, in the findings that the run keeps"
    yield f'<details class="where"><summary>Where: {first} and {len(where) - WHERE:,} more</summary>'
    yield f"<p>{places}</p></details>"


def _prose(text: str) -> str:
    """A sentence; what stands between backticks is set as code."""
    return _CODE.sub(r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    return escape(visible(text), quote=True)
