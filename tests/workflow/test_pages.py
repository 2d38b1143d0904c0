"""What the pages have beside Sphinx's own: fewer icons, hover cards, citation, large figures."""

import re
import shutil
from pathlib import Path

import pydata_sphinx_theme
import pytest
import sphinx
from bs4 import BeautifulSoup

from ecgcore import paths
from ecgcore.workflow import cards, citation, pages, site

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
FIGURE = """<!doctype html><html data-content_root="./"><link rel=stylesheet href=book.css>
<link rel=icon href=data:,><main><article>
<p>See <a class="reference internal" href="#fig-a">Fig. 1</a>.</p>
<figure id="fig-a"><img alt="A line that falls." src="a.svg"><figcaption>It falls.</figcaption>
</figure></article></main>
<script defer src="figures.js"></script><script defer src="cards.js"></script></html>"""
LINE = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><path d="M0 0L9 9"/></svg>'


def icons(script: Path) -> set[str]:
    return {i["quoted"] or i["plain"] for i in pages.ICON.finditer(script.read_text("utf-8"))}


def test_only_icons_in_use_are_kept(tmp_path):
    script = tmp_path / pages.ICONS
    script.parent.mkdir(parents=True)
    shutil.copy(THEME / "scripts/fontawesome.js", script)
    assert {"bars", "heart", "dog"} < icons(script)
    (tmp_path / "page.html").write_text('<i class="fa-solid fa-bars"></i><i class="fa-adjust"></i>')
    (tmp_path / "theme.js").write_text('icon.className = "fa-solid fa-heart"')
    pages.trim_icons(tmp_path)
    assert icons(script) == {"bars", "heart", "circle-half-stroke"}  # the last is also "adjust"
    assert script.stat().st_size < 100_000


def test_search_finds_records_by_number(tmp_path):
    script = tmp_path / "_static/searchtools.js"
    script.parent.mkdir()
    theirs = Path(sphinx.__file__).parent / "themes/basic/static/searchtools.js"
    shutil.copy(theirs, script)
    pages.find_numbers(tmp_path)
    before, after = (path.read_text(encoding="utf-8") for path in (theirs, script))
    assert len(re.findall(r"match\(/\^\\d", before)) == 1 and not re.search(r"match\(/\^\\d", after)


def test_folds_in_a_row_that_show_nothing_are_one():
    def code(source: str, *tags: str, shows: bool = False) -> dict:
        outputs = [{"output_type": "stream"}] if shows else []
        return {"cell_type": "code", "source": [source], "outputs": outputs,
                "metadata": {"tags": list(tags)}}  # fmt: skip

    cells = [code("a = 1", "parameters"), code("a = 2", "injected-parameters"),
             code("import b", "hide-input"), code("b.show()", "hide-input", shows=True),
             code("c.show()", "hide-input", shows=True)]  # fmt: skip
    found = ["".join(cell["source"]) for cell in site.joined(cells)]
    assert found == ["a = 1", "a = 2\n\nimport b\n\nb.show()", "c.show()"]


PAGE = """<dl class="glossary"><dt id="term-lead">lead<a class="headerlink">#</a></dt>
<dd>One view &lt; all.</dd></dl>
<div id="id7" role="doc-biblioentry"><span>[1]</span><p>Moody and Mark, 2001.</p></div>
<figure id="fig-a"><img src="../_images/a.svg"><figcaption>Fig. 1 It falls.</figcaption></figure>"""


def test_cards_show_terms_references_and_figures():
    found = dict(cards.of_page(BeautifulSoup(PAGE, "html.parser"), "book/executed/x.html"))
    assert found["term-lead"] == "<strong>lead</strong>: One view &lt; all."
    assert found["id7"] == "Moody and Mark, 2001."
    assert found["fig-a"] == '<img alt="" data-src="book/_images/a.svg">Fig. 1 It falls.'


def test_the_head_tells_reference_managers_what_this_is():
    tags = citation.meta_tags("Noise", "<h1>Noise</h1><p>What <em>noise</em> does & not.</p>")
    soup = BeautifulSoup(tags, "html.parser")
    found = {tag["name"]: tag["content"] for tag in soup.select("meta")}
    assert found["description"] == "What noise does & not."
    assert found["citation_title"].startswith("Noise. Heartbeats")
    assert found["citation_author"] == citation.authors()[0]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d", found["citation_publication_date"])


def test_links_to_sources_come_with_the_repository_alone():
    assert "<a" not in pages.imprint("book/methods", "")
    text = pages.imprint("book/methods", "https://github.com/someone/book")
    assert "/blob/" in text and "/book/methods.md" in text and "mybinder" not in text
    ran = pages.imprint("book/executed/14_noise", "https://github.com/someone/book/")
    assert "/notebooks/14_noise.ipynb" in ran and "mybinder.org/v2/gh/someone/book/" in ran


@pytest.fixture
def page(browser, tmp_path):
    for name in ("book.css", "figures.js", "cards.js"):
        shutil.copy(paths.BOOK / "_static" / name, tmp_path)
    (tmp_path / "index.html").write_text(FIGURE)
    (tmp_path / "a.svg").write_text(LINE)
    (tmp_path / "_static").mkdir()
    (tmp_path / cards.DATA).write_text('window.bookCards = {"index.html#fig-a": "It falls."};')
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    yield page
    page.close()


def test_a_figure_opens_large_by_keyboard_and_closes(page):
    image, large = page.locator("figure img"), page.locator(".figure-large")
    assert not large.is_visible()
    image.focus()
    page.keyboard.press("Enter")
    assert large.locator("img").is_visible()
    assert large.locator(".figure-words").inner_text() == "It falls."
    page.keyboard.press("Escape")
    large.wait_for(state="hidden")
    image.click()
    large.get_by_role("button", name="Close").click()
    large.wait_for(state="hidden")


def test_a_link_shows_its_card_and_escape_hides_it(page):
    page.locator("a.reference").focus()
    card = page.get_by_role("tooltip")
    card.wait_for(state="visible")
    assert card.inner_text() == "It falls."
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
