"""klingmock.server as a process of its own: the banner, the log, signals, a second start."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

SUBMIT = "/api/v1/image-to-video/kling/kling-v1-i2v/async"
REAL = "sk-live-51HabcQRSTUVWXYZ"


def test_from_the_banner_to_a_job(launch, ask):
    with launch() as running:
        assert running.banner.startswith("klingmock ")
        assert re.search(rf"^  listens on +{re.escape(running.url)}$", running.banner, re.MULTILINE)
        assert f"--url {running.url}{SUBMIT}" in running.banner
        assert ask(running.url)[0] == 200
        status, told, headers = ask(running.url, "POST", SUBMIT, '{"image": "x"}')
        assert (status, told["data"]["status"]) == (200, "pending")
        assert headers["x-ratelimit-remaining"] == "99"
        assert not {"server", "Server"} & set(headers)


def test_the_log_has_a_line_for_each_request_and_no_key(launch, tmp_path, ask):
    journal = tmp_path / "journal.jsonl"
    with launch("--journal", str(journal), "--api-key", REAL) as running:
        name = ask(running.url, "POST", SUBMIT, '{"image": "x"}', REAL)[1]["data"]["task_id"]
        ask(running.url, "POST", SUBMIT, "{}")
        ask(running.url, "GET", "/nowhere", key=REAL + "2")
        ask(running.url)
        lines = running.log.read_text().splitlines()
        assert [line.split(maxsplit=4)[1:4] for line in lines] == [
            ["200", "POST", SUBMIT],
            ["400", "POST", SUBMIT],
            ["401", "GET", "/nowhere"],
        ]
        assert lines[0].endswith(f"{name} pending")
        assert "submit.body.image.required: " in lines[1]
        assert "auth.unknown-key: " in lines[2]
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    told = [(entry["number"], entry.get("world"), entry["reply"]["status"]) for entry in entries]
    assert told == [(1, 1, 200), (2, 2, 400), (3, None, 401)]
    for text in (running.banner, running.log.read_text(), journal.read_text()):
        assert REAL[8:] not in text


def test_a_quiet_log(launch, ask):
    with launch("--log-level", "warning") as running:
        ask(running.url, "POST", SUBMIT, "{}")
        assert running.log.read_text() == ""


@pytest.mark.usefixtures("ipv6")
def test_ipv6(launch, ask):
    with launch("--host", "::1") as running:
        assert running.url.startswith("http://[::1]:")
        status, told, _ = ask(running.url, "POST", SUBMIT, '{"image": "x"}')
        assert (status, told["code"]) == (200, 0)


def test_settings_come_from_the_environment_too(launch, ask):
    # launch() takes KLINGMOCK_ variables out of what it inherits, so the command brings its own.
    command = ["env", "KLINGMOCK_NO_LIMITS=1", sys.executable, "-m", "klingmock"]
    with launch(command=command) as running:
        assert "limits" in running.banner
        assert "x-ratelimit-limit" not in ask(running.url, "POST", SUBMIT, '{"image": "x"}')[2]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_ends_it_at_once_whatever_is_open(launch, name, times, ask, address):
    with launch() as running:
        where = address(running.url)
        idle, half, body = (socket.create_connection(where, timeout=10) for _ in range(3))
        try:
            idle.sendall(b"GET /__klingmock/ready HTTP/1.1\r\nHost: h\r\n\r\n")
            assert idle.recv(4096).startswith(b"HTTP/1.1 200")  # kept alive from here on
            half.sendall(b"POST / HTTP/1.1\r\nHo")
            body.sendall(b"POST %b HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{" % SUBMIT.encode())
            ask(running.url)
            start = time.monotonic()
            for _ in range(times):
                running.process.send_signal(getattr(signal, name))
            assert running.process.wait(10) == 0
            assert time.monotonic() - start < 5
        finally:
            for one in (idle, half, body):
                one.close()
    log = running.log.read_text()
    assert "Traceback" not in log
    assert "hung up" not in log or log.count("\n") <= 1


def start(*flags: str):
    command = [sys.executable, "-m", "klingmock", "serve", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_start_on_the_same_port_names_the_first(launch, address):
    with launch() as running:
        _, port = address(running.url)
        done = start("--port", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"klingmock: Can't listen on 127.0.0.1 port {port}: ")
    assert "by another klingmock. " in line
    assert "--port 0" in line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_an_output_that_is_full_ends_it_at_once():
    command = [sys.executable, "-m", "klingmock", "serve", "--port", "0"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert done.returncode == 3
    assert done.stderr == (
        "klingmock: The output can't be written: No space left on device. Make room for it.\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that can close an output")
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_it_serves_and_ends_well_when_its_outputs_are_closed(closed, ask):
    with socket.socket() as sock:  # it can't say which port it chose
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = f'exec "$0" -m klingmock serve --port {port} {closed}'
    with subprocess.Popen(["sh", "-c", command, sys.executable]) as process:
        try:
            until = time.monotonic() + 30
            while True:
                try:
                    status, told, _ = ask(url, "POST", SUBMIT, '{"image": "x"}')
                    break
                except OSError:
                    assert process.poll() is None
                    assert time.monotonic() < until
            assert (status, told["code"]) == (200, 0)
            process.terminate()
            assert process.wait(10) == 0
        finally:
            process.kill()
