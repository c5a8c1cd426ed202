"""From a checkout to a playable video: the wheel alone in an empty environment, and six clients against it.

Slow, and in need of a package index: run by `pytest tests/smoke`, not by default.
"""

import json
import os
import re
import subprocess
import sys
import time
import venv
import zipfile
from itertools import groupby
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# What a plain install may bring along, on any of our Pythons. A new name here is a decision.
ALLOWED = {
    *("klingmock", "starlette", "uvicorn", "httptools", "uvloop", "jsonschema-rs"),  # ours and its own
    *("anyio", "idna", "sniffio", "typing-extensions", "click", "h11"),  # theirs
}

# Nothing of the test's own environment may help: no path to the sources, no settings.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("KLINGMOCK_", "PYTHON", "COVERAGE_"))
} | {"NO_PROXY": "127.0.0.1"}

PYTHON = (sys.executable,)
CLIENTS = {
    "requests": ((*PYTHON, HERE / "walk_requests.py"), ()),
    "httpx": ((*PYTHON, HERE / "walk_httpx.py"), ("httpx",)),
    "httpx2": ((*PYTHON, HERE / "walk_httpx.py"), ("httpx2",)),
    "aiohttp": ((*PYTHON, HERE / "walk_aiohttp.py"), ()),
}


def run(*command, **more):
    """Run a command to its end, with exit code 0; what it printed."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, **{"env": CLEAN, **more}
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The folder of the commands of an environment that holds pip and nothing else."""
    home = tmp_path_factory.mktemp("empty")
    venv.create(home, with_pip=True)
    return home / ("Scripts" if os.name == "nt" else "bin")


@pytest.fixture(scope="module")
def wheel(empty, tmp_path_factory):
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run(empty / "python", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(empty, wheel):
    """The folder of the commands, once the wheel is installed."""
    run(empty / "python", "-m", "pip", "install", wheel)
    return empty


@pytest.fixture(scope="module")
def running(installed, launch):
    """The installed server, three times as fast: a task is pending for 0.33 s and done after 1.67 s."""
    with launch("--speed", "3", command=[installed / "klingmock"], environment=CLEAN) as running:
        yield running


# --- what is installed ---


def test_the_wheel_holds_our_two_packages_and_their_data(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    (info,) = {name.partition("/")[0] for name in names} - {"klingmock", "klingcontracts"}
    assert re.fullmatch(r"klingmock-[0-9.]+\.dist-info", info)
    assert names >= {
        *("klingmock/py.typed", "klingcontracts/py.typed", f"{info}/licenses/LICENSE"),
        *(f"klingcontracts/revisions/{name}.json" for name in ("2026-02", "2026-04", "2026-07")),
        *(f"klingmock/clips/{seconds}s.mp4" for seconds in (5, 10)),
    }
    sources = {
        path.relative_to(root).as_posix()
        for root in (ROOT / "mockserver", ROOT / "contracts")
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    scenarios = {"klingmock/scenarios.toml"}  # from fixtures/scenarios
    assert {name for name in names if not name.startswith(info)} == sources | scenarios


def test_little_else_is_installed(installed):
    listed = json.loads(run(installed / "python", "-m", "pip", "list", "--format", "json"))
    names = {one["name"].lower().replace("_", "-") for one in listed} - {"pip", "setuptools"}
    print("installed:", ", ".join(sorted(names)))
    assert "klingmock" in names
    assert names - ALLOWED == set()


@pytest.mark.parametrize(
    "arguments",
    [
        "--version",
        "--help",
        "serve --help",
        "contract --help",
        "contract list",
        "contract show",
        "scenarios",
        "certify --help",
        "certify --list",
        *(f"contract show 2026-07 --format {name}" for name in ("text", "openapi", "rules", "questions")),
    ],
)
def test_every_command_says_something(installed, tmp_path, arguments):
    assert run(installed / "klingmock", *arguments.split(), cwd=tmp_path).strip()


def test_the_document_is_json(installed, tmp_path):
    document = run(installed / "klingmock", "contract", "show", "--format", "openapi", cwd=tmp_path)
    assert json.loads(document)["openapi"].startswith("3.1")


# --- what six clients get ---


def test_the_curl_of_the_banner(need, running, tmp_path):
    curl = need("curl")
    quiet = f"{curl} --silent --show-error --fail"
    command = running.banner[running.banner.index("curl --request") :]
    reply = json.loads(run(need("sh"), "-c", command.replace("curl", quiet, 1), cwd=tmp_path))
    task_id = reply["data"].pop("task_id")
    assert re.fullmatch(r"task-[A-Za-z0-9_-]+", task_id)
    assert reply == {
        "code": 0,
        "message": "success",
        "data": {"status": "pending", "model_id": "kling-v1-i2v"},
    }
    seen = []
    while seen[-1:] != ["success"] and len(seen) < 100:
        time.sleep(0.1 if seen else 0)
        url, key = f"{running.url}/api/v1/tasks/{task_id}", "Authorization: Bearer mock-key"
        data = json.loads(run(*quiet.split(), "--header", key, url))["data"]
        seen.append(data["status"])
    url, head = data["result"]["resources"][0]["url"], tmp_path / "head"
    run(*quiet.split(), "--dump-header", head, "--output", tmp_path / "video.mp4", url)
    told = [re.search(rf"(?m)^content-{name}: (\S+)$", head.read_text())[1] for name in ("type", "length")]
    assert_walked(need, seen, told, tmp_path / "video.mp4", 5)


@pytest.mark.parametrize("seconds", [5, 10])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_python_client(need, need_library, running, tmp_path, client, seconds):
    need_library(client)
    (command, more), path = CLIENTS[client], tmp_path / "video.mp4"
    told = json.loads(run(*command, submit_url(running), str(seconds), path, *more))
    assert_walked(need, told["seen"], [told["type"], told["length"]], path, seconds)


def test_fetch_of_node(need, running, tmp_path):
    path = tmp_path / "video.mp4"
    told = json.loads(run(need("node"), HERE / "walk_fetch.mjs", submit_url(running), "5", path))
    assert_walked(need, told["seen"], [told["type"], told["length"]], path, 5)


def test_sigterm_ends_it_at_once(installed, launch):
    with launch(command=[installed / "klingmock"], environment=CLEAN) as running:
        before = time.monotonic()
        running.process.terminate()
        assert running.process.wait(10) == 0
        assert time.monotonic() - before < 2
    assert running.log.read_text() == ""


def submit_url(running):
    """Where the banner's curl submits to."""
    return re.search(r"--url (\S+)", running.banner)[1]


def assert_walked(need, seen, told, path, seconds):
    """All statuses in their order, the file as long as was said, and in it the video as documented."""
    assert [status for status, _ in groupby(seen)] == ["pending", "processing", "success"]
    assert told == ["video/mp4", str(path.stat().st_size)]
    asked = ("-show_entries", "stream=codec_name,width,height,duration", "-of", "json")
    (stream,) = json.loads(run(need("ffprobe"), "-v", "error", *asked, path))["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    assert float(stream["duration"]) == pytest.approx(seconds, abs=0.05)
