"""klingcontracts.curl: the command repeats the call, and has no secret in it."""

import json
import shlex
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.curl import LONGEST, as_curl
from klingcontracts.exchange import Call

HOST = "http://127.0.0.1:9"


def test_a_call_with_its_key_left_out():
    headers = {"authorization": "Bearer sk-live-1", "content-type": "application/json", "cookie": "a=secret"}
    call = Call("POST", "/a b", headers, b'{"image": "it\'s", "api_key": "sk-live-1"}', "q=1&token=t", HOST)
    told = as_curl(call)
    assert "sk-live" not in told
    assert "secret" not in told
    assert shlex.split(told) == [
        *("curl", "--request", "POST", "--url", f"{HOST}/a%20b?q=1&token=<redacted>"),
        *(
            "--header",
            "Authorization: Bearer $MODELLIX_API_KEY",
            "--header",
            "content-type: application/json",
        ),
        *("--data-raw", '{"image": "it\'s", "api_key": "<redacted>"}'),
    ]


def test_a_call_without_a_key_and_a_key_of_another_name():
    call = Call("GET", "/", {}, b"", "", HOST)
    assert "Authorization" not in as_curl(call, keyed=False)
    assert '"Authorization: Bearer $OTHER"' in as_curl(call, "OTHER")


def test_a_body_that_is_no_json_and_one_that_is_too_long():
    assert as_curl(Call("POST", "/", {}, b"{\xff", "", HOST)).endswith("--data-raw '{�'")
    assert len(as_curl(Call("POST", "/", {}, b"x" * 10_000, "", HOST))) < LONGEST + 200


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.text(min_size=1))
def test_the_shell_reads_the_body_and_the_path_as_they_are(prompt, path):
    call = Call(
        "POST", f"/{path}".replace("\ud800", ""), {}, json.dumps({"prompt": prompt}).encode(), "", HOST
    )
    words = shlex.split(as_curl(call))
    assert len(words) == 9
    if len(prompt) < 200 and not prompt.startswith("http"):
        assert json.loads(words[-1]) == {"prompt": prompt}


def test_curl_sends_what_was_sent(need, monkeypatch):
    curl, seen = need("curl"), []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(
                (
                    self.path,
                    self.headers["Authorization"],
                    self.rfile.read(int(self.headers["Content-Length"])),
                )
            )
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Keep) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        call = Call(
            "POST", "/é/x", {}, b'{"a": "\'$HOME `x`"}', "b=1", f"http://127.0.0.1:{server.server_port}"
        )
        monkeypatch.setenv("MODELLIX_API_KEY", "mock-1")
        told = as_curl(call).replace("curl", f"{curl} --silent --max-time 20", 1)
        subprocess.run(["sh", "-c", told], check=True, timeout=30)
        thread.join()
    assert seen == [("/%C3%A9/x?b=1", "Bearer mock-1", b'{"a": "\'$HOME `x`"}')]
