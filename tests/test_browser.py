"""A real browser plays the video of a task and seeks in it."""

import contextlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from klingmock.media import serve, video

PATIENCE = 60  # seconds; Chromium's first start on a busy machine is slow

# The two samples are of the whole picture, so that they differ only if decoded frames really moved on.
PAGE = b"""<!doctype html><link rel="icon" href="data:,"><video muted src="/video.mp4"></video><script>
const video = document.querySelector("video")
const once = name => new Promise(done => video.addEventListener(name, done, {once: true}))
const sample = () => {
  const canvas = new OffscreenCanvas(64, 36), context = canvas.getContext("2d")
  context.drawImage(video, 0, 0, 64, 36)
  return Array.from(context.getImageData(0, 0, 64, 36).data)
}
const tell = more => fetch("/result", {method: "POST", body: JSON.stringify({
  duration: video.duration, videoWidth: video.videoWidth, videoHeight: video.videoHeight,
  currentTime: video.currentTime, error: video.error && video.error.message, ...more})})
const watch = async () => {
  await once("canplay")
  await video.play()
  do await once("timeupdate"); while (video.currentTime < 0.2)
  video.pause()
  const [played, before] = [video.currentTime, sample()]
  video.currentTime = 4
  await once("seeked")
  const after = sample()
  await tell({played, moved: after.filter((value, at) => Math.abs(value - before[at]) > 32).length})
}
video.addEventListener("error", () => tell())
watch().catch(problem => tell({error: String(problem)}))
</script>"""


class Site(ThreadingHTTPServer):
    """The page, the video (no more than `portion` bytes for an open range), and what the page told."""

    daemon_threads = False  # closing waits until every connection is done

    def __init__(self, seconds, portion):
        super().__init__(("127.0.0.1", 0), Visit)
        self.video, self.portion = video("task-1", seconds), portion
        self.served, self.result, self.told = [], None, threading.Event()


class Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        with contextlib.suppress(ConnectionError):  # a browser that has seen enough hangs up
            super().handle()

    def do_GET(self):
        if self.path == "/":
            return self.send(200, {"content-type": "text/html", "content-length": str(len(PAGE))}, PAGE)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if wanted := re.fullmatch(r"bytes=(\d+)-", headers.get("range", "")):
            headers["range"] += str(int(wanted[1]) + self.server.portion - 1)
        reply = serve(self.server.video, self.command, headers)
        self.server.served.append((self.headers.get("range"), reply.status))
        return self.send(reply.status, reply.headers, reply.body)

    def do_POST(self):
        self.server.result = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.send(200, {"content-length": "0"}, b"")
        self.server.told.set()

    def send(self, status, headers, body):
        self.send_response(status)
        for item in headers.items():
            self.send_header(*item)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep the test's output quiet."""


@contextlib.contextmanager
def serving(seconds, portion):
    with Site(seconds, portion) as site:
        thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            site.shutdown()
            thread.join()


# A whole clip fits into one reply, and then Chromium asks only once; small portions
# (RFC 9110, 15.3.7 allows them) make it fetch the rest with ranges of its own choice.
@pytest.mark.parametrize(
    ("seconds", "portion", "fewest"), [(5, 10**9, 1), (10, 50_000, 2)], ids=["at-once", "in-portions"]
)
def test_chromium_plays_and_seeks(browser, tmp_path, seconds, portion, fewest):
    log = tmp_path / "log"
    with serving(seconds, portion) as site, log.open("wb") as output:
        address = f"http://127.0.0.1:{site.server_port}/"
        with browser(address, "--autoplay-policy=no-user-gesture-required", output=output):
            assert site.told.wait(PATIENCE), f"{site.served}\n{log.read_text(errors='replace')[-4000:]}"
    told = site.result
    assert told["error"] is None
    assert told["duration"] == pytest.approx(seconds, abs=0.05)
    assert (told["videoWidth"], told["videoHeight"]) == (1280, 720)
    assert 0.2 <= told["played"] < 4
    assert told["currentTime"] == pytest.approx(4, abs=0.05)
    assert told["moved"] > 100
    # Chromium guards what it already holds with If-None-Match, so a few of its ranges may end in 304.
    assert {status for wanted, status in site.served if wanted} <= {206, 304}
    assert len({wanted for wanted, status in site.served if wanted and status == 206}) >= fewest


def test_an_absent_browser_is_said(need, monkeypatch):
    monkeypatch.delenv("REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-browser or none-either is not installed"):
        need("no-browser", "none-either")
    monkeypatch.setenv("REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="no-browser is not installed, and REQUIRE_TOOLS=1"):
        need("no-browser")
