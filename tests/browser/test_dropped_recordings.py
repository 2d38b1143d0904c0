"""The page "Try it" as a reader meets it: from a dropped file to a report, and nothing leaves."""

import base64
import gzip
import zipfile

import pytest
from axe import troubles
from serving import serving

from benchmarks import recordings
from ecgcore import paths
from ecgcore.workflow import offline, page_recordings

RECORD = [paths.DATA / "mitdb" / f"232{suffix}" for suffix in (".hea", ".dat", ".atr")]
SCRIPT = '<img src=x onerror=alert(1)><script>alert("x")<.csv'
SENT = 1.5e6  # bytes that the page may load at a first visit
DROP = """(zone, files) => {
  const dataTransfer = new DataTransfer();
  for (const { name, data } of files) {
    dataTransfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
  }
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""
ANSWERED = "[data-part=answer]:not([hidden])"
ENDED = ", ".join(
    [ANSWERED, *(f"[data-part={p}]:not([hidden])" for p in ("error", "question", "waiting"))]
)


def drop(page, files):
    """Drop files, {name: bytes}, and wait until the page has something to say of them."""
    told = [{"name": n, "data": base64.b64encode(b).decode()} for n, b in files.items()]
    page.locator("[data-part=drop]").evaluate(DROP, told)


def record():
    return {path.name: path.read_bytes() for path in RECORD}


def opened(context, site):
    """The page, once it has all that it wants."""
    page = context.new_page()
    page.goto(f"{site.url}/{offline.PAGE}")
    page.locator("[data-part=controls]:not([hidden])").wait_for()
    page.get_by_text("without a network from now on").wait_for()
    return page


@pytest.fixture(scope="module")
def site(html):
    """The built book under a folder of a server that allows little and knows few files."""
    strict = {"Content-Security-Policy": "default-src 'self'"}
    with serving(html, "/books/ecg/", strict, (".mjs", ".wasm", ".bin")) as found:
        yield found


@pytest.fixture(scope="module")
def visit(site, browser):
    """Context and page, through a proxy that sees all that any process of the browser asks."""
    context = browser.new_context(
        bypass_csp=False,
        service_workers="allow",
        proxy={"server": site.address},
        accept_downloads=True,
    )
    yield context, opened(context, site)
    context.close()


def asked_by_page(site):
    """What was asked, but by Chromium itself: what its form filler knows of forms, and whether
    there is a newer service worker."""
    filler = ("CONNECT", "content-autofill.googleapis.com:443", 0)
    newer = ("GET", f"{site.url}/{offline.WORKER}", 0)
    return [each for each in site.asked if each not in (filler, newer)]


def report_tab(context, page):
    with context.expect_page() as waiting:
        page.get_by_role("button", name="Report").click()
    waiting.value.locator(".tiles").wait_for()
    return waiting.value


def test_from_a_dropped_file_to_a_report_in_three_clicks(visit):
    context, page = visit
    drop(page, record())  # one
    page.locator(ANSWERED).wait_for()
    tab = report_tab(context, page)  # two
    assert "grid" in tab.locator(".tiles").evaluate("e => getComputedStyle(e).display")
    with page.expect_download() as waiting:
        tab.get_by_role("button", name="Download").click()  # three
    kept = waiting.value
    text = kept.path().read_text(encoding="utf-8")
    assert kept.suggested_filename == "232.report.html"
    assert text.startswith("<!doctype html>") and "<script" not in text
    assert tab.locator("h1").inner_text() == "232"
    tab.close()


def test_a_correction_is_in_what_is_taken_away(visit):
    _, page = visit
    drop(page, record())
    page.locator(ANSWERED).wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Beats (CSV)").click()
    before = waiting.value.path().read_text()
    assert not page.get_by_role("button", name="Corrections", exact=True).is_visible()
    page.locator("[data-part=strip]").press("v")
    page.get_by_role("button", name="Corrections", exact=True).wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Beats (CSV)").click()
    after = waiting.value.path().read_text()
    assert after.splitlines()[0] == before.splitlines()[0] + ",corrected"
    assert sum(line.endswith(",class") for line in after.splitlines()) == 1
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Corrections", exact=True).click()
    assert waiting.value.suggested_filename == "232.corrections.json"
    page.get_by_role("button", name="Forget corrections").click()


def zipped(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in RECORD:
            archive.write(path, path.name)
    return (tmp_path / "x.zip").read_bytes()


def test_nothing_leaves_the_page_whatever_is_dropped(visit, site, tmp_path):
    context, page = visit
    here = {("GET", True, 0)}
    assert {(how, url.startswith(site.url), n) for how, url, n in asked_by_page(site)} == here
    beats = "\n".join([",".join(["0.5", "0.25"] * 93 + ["1"])] * 4).encode()
    signal = "\n".join(f"{i % 97 / 50:.2f}" for i in range(9000)).encode()
    dropped = [
        record(),
        {"x.zip": zipped(tmp_path)},
        {SCRIPT: b"<script>alert(1)</script>"},
        {"signal.csv": signal},
        {"beats.csv": beats},
        {
            "page.html": b"<img src='http://elsewhere.test/x.png'><script src='http://elsewhere.test'>"
        },
        {"bomb.gz": gzip.compress(bytes(50_000_000))},
        {"lost.hea": b"lost 1 360 1000\nhttp://elsewhere.test/lost.dat 16 200/mV\n"},
    ]
    site.asked.clear()
    for files in dropped:
        drop(page, {"empty.txt": b""})
        page.get_by_text("empty.txt").first.wait_for()
        page.locator("[data-part=error]:not([hidden])").wait_for()
        drop(page, files)
        page.locator("[data-part=error]:not([hidden]):has-text('empty.txt')").wait_for(
            state="hidden"
        )
        page.locator(ENDED).first.wait_for()
    drop(page, record())
    page.locator(ANSWERED).wait_for()
    report_tab(context, page).close()
    assert not asked_by_page(site), "something was asked after the page had loaded"


def test_a_first_visit_is_light(site, browser):
    context = browser.new_context(service_workers="allow", proxy={"server": site.address})
    site.asked.clear()
    opened(context, site)
    asked = {url.removeprefix(f"{site.url}/") for _, url, _ in asked_by_page(site)}
    context.close()
    assert asked == set(offline.kept(site.folder))  # the bench weighs these
    assert any(name.endswith(page_recordings.MODEL) for name in asked)
    assert not [name for name in asked if name.endswith((".dat", ".onnx", ".wasm"))]
    assert recordings.first_load(site.folder)["sent"] < SENT


def test_a_server_that_forbids_webassembly_is_told(visit):
    _, page = visit
    drop(page, {"beats.csv": "\n".join([",".join(["0.5", "0.25"] * 93 + ["1"])] * 4).encode()})
    page.locator("[data-part=waiting]:not([hidden])").wait_for()
    page.locator("[data-part=load]").click()
    said = page.locator("[data-part=status]")
    said.get_by_text("could not be loaded").wait_for()
    assert "WebAssembly" in said.inner_text()


def test_a_server_that_knows_no_scripts_is_told(html, browser):
    with serving(html, as_data=(".js",)) as site:
        page = browser.new_page()
        page.goto(f"{site.url}/{offline.PAGE}")
        said = page.locator("#ecg-page > [role=alert]")
        said.wait_for()
        assert said.inner_text().startswith("This browser or server does not let the page start: ")
        page.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_anyone_from_page_and_report(site, browser, axe, width, scheme):
    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme}
    context = browser.new_context(service_workers="allow", **how)
    page = opened(context, site)
    drop(page, record())
    page.locator(ANSWERED).wait_for()
    page.evaluate("document.getAnimations().forEach((each) => each.finish())")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not troubles(page, axe)
    assert not troubles(report_tab(context, page), axe)
    context.close()
