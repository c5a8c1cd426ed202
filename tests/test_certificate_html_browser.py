"""klingmock.certificate_html in a real browser: without scripts, fetching nothing, light and dark."""

import html as escaping
import json
import re

import pytest

from klingmock.certificate_html import html

PATIENCE = 60  # seconds
FLAGS = ("--hide-scrollbars", "--enable-logging=stderr", "--dump-dom")
# In a frame that runs no scripts, and may load nothing, the page is looked at from outside.
AROUND = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
{frames}<pre id="told"></pre><script>
const look = frame => {{
  const page = frame.contentDocument, view = frame.contentWindow
  const box = node => {{
    const {{x, y, width, height}} = node.getBoundingClientRect()
    return {{x, y, width, height}}
  }}
  const all = (what, of) => Array.from(page.querySelectorAll(what), of)
  const head = page.querySelector(".matrix thead th:last-child")
  const told = {{
    width: page.documentElement.scrollWidth,
    back: view.getComputedStyle(page.body).backgroundColor,
    front: view.getComputedStyle(page.body).color,
    pictures: all("svg.swimlane", box),
    marks: all(".spot .body", box),
    cells: all(".matrix td:not(.plain)", box),
    fetched: view.performance.getEntriesByType("resource").length,
    scripts: page.scripts.length,
  }}
  view.scrollTo(0, page.querySelector(".matrix tbody").getBoundingClientRect().top + 20)
  told.head = box(head)
  page.querySelector("details").open = true
  told.rows = all(".calls tbody tr").filter(row => row.checkVisibility()).length
  return told
}}
onload = () => {{ told.textContent = JSON.stringify(Array.from(document.querySelectorAll("iframe"), look)) }}
</script>"""


def looked_at(browser, folder, page, *flags):
    """What a browser makes of the page at 1280 and at 400 pixels, and what it had to complain about."""
    frames = "".join(
        f'<iframe sandbox="allow-same-origin" width="{width}" height="500" '
        f'srcdoc="{escaping.escape(page)}"></iframe>'
        for width in (1280, 400)
    )
    place = folder / "around.html"
    place.write_text(AROUND.format(frames=frames), encoding="utf-8")
    with browser(place.as_uri(), *FLAGS, *flags) as process:
        document, log = (part.decode() for part in process.communicate(timeout=PATIENCE))
    told = re.search(r'<pre id="told">(.*?)</pre>', document, re.DOTALL)
    assert told, log[-4000:]
    return json.loads(escaping.unescape(told[1])), [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.fixture
def page(made_up):
    polls = [made_up.entry(nth, nth / 10) for nth in range(1, 301)]
    many = made_up.played(*polls, seconds=30.1, blamed=[made_up.fail("gives-up", verdict="warn")])
    return html(made_up.certificate(made_up.lost(), many, *[made_up.played(polls[0])] * 20))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chromium_shows_it_wide_and_narrow_light_and_dark(browser, tmp_path, page, scheme):
    flags = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    (wide, narrow), complaints = looked_at(browser, tmp_path, page, *flags)
    assert complaints == []
    for told, width in ((wide, 1280), (narrow, 400)):
        assert told["width"] == width  # nothing sticks out: what is wider scrolls by itself
        assert (told["fetched"], told["scripts"]) == (0, 0)
        assert len(told["pictures"]) == 22
        assert all(box["width"] > 300 and box["height"] > 100 for box in told["pictures"])
        assert all(box["width"] > 0 and box["height"] > 10 for box in told["marks"])
        assert len({box["y"] for box in told["cells"]}) == 22
        assert told["rows"] == 7
        dark = sum(map(int, re.findall(r"\d+", told["back"])[:3])) < 3 * 128
        assert dark == (scheme == "dark")
        assert told["back"] != told["front"]
    assert wide["head"]["y"] == pytest.approx(0, abs=1)  # it stays in sight
    assert all(box["x"] + box["width"] <= 1280 for box in wide["cells"])


def test_a_page_that_loads_something_would_be_noticed(browser, tmp_path, page):
    broken = page.replace("<main>", '<main><img src="http://127.0.0.1:9/x.png"><script>alert(1)</script>')
    _, complaints = looked_at(browser, tmp_path, broken)
    assert any("127.0.0.1:9" in line for line in complaints)
    assert any("script" in line for line in complaints)
