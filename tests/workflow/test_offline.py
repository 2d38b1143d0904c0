"""What the build makes of the page "Try it": its policy, and a service worker with its files."""

import json
import re

import pytest

from ecgcore import paths
from ecgcore.workflow import offline, policy

THEME = """<!doctype html><html><head><title>x</title>
<script data-cfasync="false">document.documentElement.dataset.mode = "a";</script>
<script>var second = 2;</script><script type="application/json">{"a": 1}</script>
<link rel="stylesheet" href="../_static/theme.css?digest=1"><link rel="next" href="next.html">
<script src="../_static/theme.js?v=2"></script></head>
<body><button onclick="window.print()">Print</button><div id="ecg-page"></div></body></html>
"""


@pytest.fixture
def html(tmp_path):
    """A built book of one page."""
    static = tmp_path / "_static"
    for name in ("offline/service-worker.js", "recording/worker.js", "recording/view/charts.js"):
        target = static / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((paths.BOOK / "_static" / name).read_text(encoding="utf-8"))
    assets = tmp_path / offline.ASSETS
    assets.mkdir(parents=True)
    for name in (*offline.NEEDED, "232.dat"):
        (assets / name).write_text(name)
    for name in ("theme.js", "favicon.svg", "basic.css", "fonts/a.woff2", "fonts/fa-brands.woff2"):
        (static / name).parent.mkdir(exist_ok=True)
        (static / name).write_text(name)
    fonts = "src: url(fonts/a.woff2), url(fonts/a.ttf), url(fonts/fa-brands.woff2)"
    (static / "theme.css").write_text(f'@import "basic.css"; @font-face {{ {fonts} }}')
    (tmp_path / "book").mkdir()
    (tmp_path / offline.PAGE).write_text(THEME)
    return tmp_path


def constants(html):
    text = (html / offline.WORKER).read_text()
    found = re.findall(r"^const (VERSION|FILES|PAGE) = (.*?);", text, flags=re.M)
    return {name: json.loads(value) for name, value in found}


def test_the_worker_keeps_what_the_page_asks_for_and_no_record(html):
    assert offline.publish(html, "Book")
    files = constants(html)["FILES"]
    wanted = {"book/try_it.html", "_static/theme.css?digest=1", "_static/theme.js?v=2"}
    wanted |= {"_static/recording/worker.js", "_static/recording/view/charts.js"}
    wanted |= {"_static/basic.css", "_static/fonts/a.woff2"}
    wanted |= {f"_static/try-it/assets/{name}" for name in offline.NEEDED}
    assert wanted <= set(files) and constants(html)["PAGE"] == "book/try_it.html"
    assert not [f for f in files if f.endswith((".dat", "next.html", "brands.woff2"))]
    about = json.loads((html / offline.MANIFEST).read_text())
    assert "Book" in about["name"] and (html / about["icons"][0]["src"]).is_file()


def test_the_version_is_that_of_the_files(html):
    offline.publish(html, "Book")
    first = constants(html)["VERSION"]
    offline.publish(html, "Book")
    assert constants(html)["VERSION"] == first
    (html / "_static/recording/worker.js").write_text("another")
    offline.publish(html, "Book")
    assert constants(html)["VERSION"] != first


def test_without_a_model_there_is_nothing_to_keep(html):
    (html / offline.ASSETS / "rhythm.bin").unlink()
    assert not offline.publish(html, "Book") and not (html / offline.WORKER).exists()


def test_inline_scripts_get_files_in_their_order(html):
    policy.protect(html, offline.PAGE)
    policy.protect(html, offline.PAGE)  # a second build leaves it alone
    page = (html / offline.PAGE).read_text()
    assert page.count("Content-Security-Policy") == 1 and '{"a": 1}' in page
    own = re.findall(r'src="\.\./(_static/inline/[^"]+)"', page)
    assert [(html / name).read_text() for name in own] == [
        'document.documentElement.dataset.mode = "a";\n',
        "var second = 2;\n",
    ]
    said = re.search(r'Policy" content="([^"]+)"', page)[1].replace("&#x27;", "'")
    scripts = next(p for p in said.split("; ") if p.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts and "sha256-" in scripts and "http" not in said
