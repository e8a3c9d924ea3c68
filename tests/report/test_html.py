from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kilter.report.composing import compose
from kilter.report.html import OPEN_ROWS, render_html, script_data
from kilter.values.document import Document, Figure, Grid, Heading, Paragraph

CHROMIUM = os.environ.get("KILTER_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VOID = {"meta", "link", "br", "img", "input", "hr"}
LEGAL = {
    *("html", "head", "meta", "link", "title", "style", "script", "body", "a", "header", "p", "b", "button", "div"),
    *("nav", "ol", "li", "main", "section", "h1", "h2", "h3", "table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("figure", "figcaption", "details", "summary", "span", "small", "code", "bdi"),
}


class Skeleton(HTMLParser):
    """The elements of a page, indented, with what names them; texts and scripts are left out."""

    def __init__(self, text):
        super().__init__()
        self.depth, self.lines, self.tags, self.attributes, self.open = 0, [], set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes += given.items()
        names = "".join(f" {name}={given[name]}" for name in ("id", "class", "scope", "role", "href") if name in given)
        self.lines.append(f"{'  ' * len(self.open)}{tag}{names}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(document):
    return render_html(document)


def without_plotly(text):
    """The page without the long script, which no test reads."""
    return re.sub(r"<script>\s*/\*\*\s*\* plotly\.js.*?</script>", "<script>plotly</script>", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", ["languages", "regression", "gated"])
def test_golden_skeleton(request, golden, name):
    skeleton = Skeleton(without_plotly(page(compose(request.getfixturevalue(name)))))
    assert skeleton.open == []
    lines = [re.sub("id=[0-9a-f]{64}", "id=of-plotly", line) for line in skeleton.lines]
    golden(f"{name}.skeleton", "\n".join(lines) + "\n")


def test_hostile_text_makes_no_element_and_no_attribute(hostile):
    text = without_plotly(page(compose(hostile)))
    skeleton = Skeleton(text)
    assert skeleton.open == []
    assert skeleton.tags <= LEGAL
    assert not {name for name, _ in skeleton.attributes if name.startswith("on") or name in {"src", "style"}}
    links = {value for name, value in skeleton.attributes if name == "href"}
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    text.encode()


def test_data_in_scripts_cannot_leave_them(hostile):
    text = without_plotly(page(compose(hostile)))
    specs = re.findall(r'<script type="application/json" class="spec">(.*?)</script>', text, flags=re.DOTALL)
    assert len(specs) >= 4
    for spec in specs:
        assert not set("<>&") & set(spec)
        json.loads(spec)


def test_script_data_comes_back_as_it_was():
    value = {"a": "</script><!--\u2028\ud800&é", "b": [1, None, 0.5]}
    assert json.loads(script_data(value)) == value


def test_the_policy_names_each_script_and_style_and_forbids_the_rest(gated):
    text = page(compose(gated))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in rules["script-src"] + rules["style-src"]
    assert "connect-src" not in rules
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"].count("sha256-") == text.count("<script>")


def test_plotly_is_there_only_where_something_is_drawn(gated, regression):
    assert len(page(compose(gated))) < 60_000
    assert "plotly.js v" in page(compose(regression))


def test_words_and_tables_do_not_need_scripts(languages):
    text = without_plotly(page(compose(languages)))
    assert "The network beats the best simple baseline, linear" in text
    for block in compose(languages).blocks:
        if isinstance(block, Figure):
            assert f">{block.says.split('.')[0]}" in text.replace("&#x27;", "'")


def test_long_tables_are_folded_and_headed():
    rows = tuple((str(row), "x") for row in range(OPEN_ROWS + 1))
    text = page(Document(title="t", blocks=(Grid(columns=("a", "b"), rows=rows, caption="Much."),)))
    assert '<details class="folded"><summary dir="auto">Much. <span>26 rows</span></summary>' in text
    assert text.count('<th scope="row"') == len(rows)
    assert text.count('<th scope="col"') == 2


def test_anchors_are_safe_and_unlike():
    blocks = (
        Heading(text="One", anchor="one"),
        Heading(text="Two", anchor='"><script>'),
        Heading(text="Two", anchor='"><script>'),
        Paragraph(text="see `code` and `<b>`"),
    )
    text = page(Document(title="t", blocks=blocks))
    assert re.findall(r'<section id="([^"]*)"', text) == ["verdict", "one", "section-1", "section-2"]
    assert "see <code>code</code> and <code>&lt;b&gt;</code>" in text


# --- in a browser


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}; KILTER_CHROMIUM says where one is")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a run's report from its file; afterwards no request may have left it and nothing may have complained."""
    asked, complained, contexts = [], [], []

    def open_page(run, **options):
        path = tmp_path / "report.html"
        path.write_text(render_html(compose(run)), encoding="utf-8")
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: complained.append(message.text))
        tab.on("pageerror", lambda error: complained.append(str(error)))
        tab.on("dialog", lambda dialog: complained.append(f"dialog {dialog.message}"))
        tab.goto(path.as_uri())
        tab.path = path.as_uri()
        return tab

    yield open_page
    assert {url for url in asked if not url.startswith("data:")} == {f"file://{tmp_path}/report.html"}
    assert complained == []
    for context in contexts:
        context.close()


def drawn(tab, count):
    """Waits until so many charts are drawn, as SVG and nothing else."""
    tab.wait_for_function("n => document.querySelectorAll('.chart .main-svg:first-child').length === n", arg=count)
    assert tab.locator(".chart canvas").count() == 0
    return tab.locator(".chart svg.main-svg:first-child")


@pytest.mark.browser
def test_charts_are_drawn_and_findings_are_marked(opened, languages):
    tab = opened(languages)
    charts = drawn(tab, 7)
    assert charts.first.bounding_box()["width"] > 700
    assert tab.locator(".annotation-text", has_text="C103 overfitting").count() == 3
    assert tab.locator("figure .hm").count() == 1


@pytest.mark.browser
def test_the_theme_can_be_chosen_and_is_kept(opened, languages):
    tab = opened(languages, color_scheme="light")
    drawn(tab, 7)

    def paper():
        return tab.evaluate("getComputedStyle(document.body).backgroundColor")

    def axis():
        return tab.evaluate("getComputedStyle(document.querySelector('.xtick text')).fill")

    def redrawn(before):
        tab.wait_for_function(
            "before => getComputedStyle(document.querySelector('.xtick text')).fill !== before", arg=before
        )
        return axis()

    light, inked = paper(), axis()
    tab.get_by_role("button", name="Dark theme").click()
    dark = paper()
    assert dark != light
    chalked = redrawn(inked)
    tab.reload()
    drawn(tab, 7)
    assert paper() == dark
    assert axis() == chalked
    tab.get_by_role("button", name="Light theme").click()
    assert paper() == light
    assert redrawn(chalked) == inked


@pytest.mark.browser
def test_the_system_decides_where_nobody_chose(opened, gated):
    papers = {
        scheme: opened(gated, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert papers["light"] != papers["dark"]


@pytest.mark.browser
def test_evidence_opens_and_tables_sort(opened, languages):
    tab = opened(languages)
    details = tab.locator(".alert details", has_text="Evidence").first
    assert not details.locator("table").first.is_visible()
    details.locator("summary").click()
    assert details.locator("table").first.is_visible()
    assert "41.3 %" in tab.locator(".alert").first.inner_text()

    table = tab.locator("#classes table")
    header = table.get_by_role("columnheader", name="examples")
    precision = table.get_by_role("columnheader", name="precision")
    precision.get_by_role("button").click()
    column = [float(cell.split()[0]) for cell in table.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert column == sorted(column)
    precision.get_by_role("button").click()
    column = [float(cell.split()[0]) for cell in table.locator("tbody td:nth-child(3)").all_inner_texts()]
    assert column == sorted(column, reverse=True)
    assert (precision.get_attribute("aria-sort"), header.get_attribute("aria-sort")) == ("descending", None)


def choose_cell(tab, truth, decided):
    """Clicks the cell (truth, decided) of the confusion chart until its list is there: a busy page may miss a click."""
    from playwright.sync_api import TimeoutError as NotYet

    chosen = tab.locator("#confusion .chosen li").first
    for patience in (2000, 4000, 8000, 30000):
        drag = tab.locator("#confusion .nsewdrag")
        drag.scroll_into_view_if_needed()
        box = drag.bounding_box()
        size = tab.evaluate("document.querySelector('#confusion .chart').data[0].z.length")
        for inside in (0.4, 0.5):
            across, down = (
                box[side] * (place + inside) / size for side, place in (("width", decided), ("height", truth))
            )
            tab.mouse.move(box["x"] + across, box["y"] + down)
        tab.locator("#confusion .hoverlayer .hovertext").first.wait_for()
        tab.mouse.down()
        tab.mouse.up()
        with suppress(NotYet):
            chosen.wait_for(timeout=patience)
            return


@pytest.mark.browser
def test_a_cell_of_the_confusion_lists_its_mistakes(opened, languages):
    tab = opened(languages)
    drawn(tab, 7)
    confusion = languages.evaluation("test").measures.confusion
    choose_cell(tab, 0, 1)
    panel = tab.locator("#confusion .chosen")
    panel.locator("li").first.wait_for()
    assert panel.locator("p").inner_text().startswith(f"cs taken for da: {confusion.counts[0][1]} examples")
    expected = [m for m in languages.evaluation("test").mistakes if (m.target, m.decided) == ("cs", "da")]
    assert panel.locator("li bdi").all_inner_texts() == [mistake.inputs for mistake in expected]
    assert panel.locator("li code").all_inner_texts() == [mistake.id for mistake in expected]


@pytest.mark.browser
def test_hostile_text_is_shown_and_never_runs(opened, hostile):
    tab = opened(hostile)
    drawn(tab, 7)
    choose_cell(tab, 1, 2)
    tab.locator("#confusion .chosen li").first.wait_for()
    tab.wait_for_timeout(200)
    assert tab.evaluate("document.querySelectorAll('img, iframe, object, embed, form, main a, svg a').length") == 0
    assert tab.evaluate("document.querySelectorAll('body script:not(.spec)').length") == 2
    assert tab.locator("h1").inner_text().startswith("<script>alert(1)")
    labels = tab.locator("#confusion .yaxislayer-above").text_content()
    assert "<script>alert(1)</script>" in labels
    assert "<b>bold</b><br>" in labels


@pytest.mark.browser
def test_without_scripts_the_verdict_and_the_tables_stand(opened, languages):
    tab = opened(languages, java_script_enabled=False)
    assert tab.locator("p.lead", has_text="The network beats the best simple baseline, linear").is_visible()
    assert tab.locator("#comparison table").first.is_visible()
    assert tab.locator("#mistakes tbody tr").count() == 20
    assert tab.locator("#curves figcaption").first.is_visible()
    assert not tab.locator("#theme").is_visible()
    assert not tab.locator(".chart").first.is_visible()
    tab.locator(".alert summary", has_text="Evidence").first.click()
    assert tab.locator(".alert details[open] table").first.is_visible()


@pytest.mark.browser
def test_the_keyboard_goes_through_in_order(opened, languages):
    tab = opened(languages)
    drawn(tab, 7)

    def focused():
        return tab.evaluate("document.activeElement.textContent.trim()")

    tab.keyboard.press("Tab")
    assert focused() == "Skip to the verdict"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.keyboard.press("Tab")
    assert focused() == "Dark theme"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    stops = []
    for _ in range(24):
        tab.keyboard.press("Tab")
        stops.append(focused())
    assert stops[:5] == ["Verdict", "Comparison", "Splits", "Ladder", "Alerts"]
    assert any(stop.startswith("Where: names.csv:17") for stop in stops)
    assert "Evidence" in stops
    while not focused().startswith("Evidence"):
        tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    assert tab.locator(".alert details[open] table").first.is_visible()


@pytest.mark.browser
def test_a_narrow_window_does_not_scroll_sideways(opened, languages, intents):
    for run in (languages, intents):
        tab = opened(run)
        tab.set_viewport_size({"width": 400, "height": 800})
        tab.wait_for_timeout(300)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.browser
def test_paper_is_light_open_and_whole(opened, intents, tmp_path):
    tab = opened(intents, color_scheme="dark")
    drawn(tab, 2)
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not tab.locator("nav").is_visible()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("#classes details[open] table").is_visible()
    assert all(box["width"] <= 700 for box in (c.bounding_box() for c in tab.locator(".chart .main-svg").all()))
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    tab.emulate_media(media="screen")
    assert tab.locator("#classes details[open]").count() == 0
    tab.wait_for_function("document.querySelector('.chart .main-svg').getBoundingClientRect().width > 700")
    tab.pdf(path=str(tmp_path / "report.pdf"))
    assert (tmp_path / "report.pdf").stat().st_size > 20_000
