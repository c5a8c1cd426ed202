"""The README, run: its commands, its programs, its tables."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from klingcontracts.drift_forms import FORMS
from klingcontracts.waivers import read_waivers
from klingmock.control import DEEDS, PREFIX, Deed
from klingmock.faults import rows
from klingmock.keys import SPECIAL
from klingmock.options import Options
from klingmock.recipe import CHANGEABLE
from klingmock.settings import SETTINGS, Setting

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
WRITTEN = "http://127.0.0.1:8787"
COMMAND = [sys.executable, "-m", "klingmock"]


def blocks(language: str, containing: str = "") -> list[str]:
    found = [text for kind, text in BLOCKS if kind == language and containing in text]
    assert found, f"the README has no {language} block with {containing!r}"
    return found


def masked(text: str) -> str:
    return re.sub(r"task-[0-9a-f]{24}", "task-…", text)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [*COMMAND, "serve", "--port", "0", "--timing", "instant"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        ready = next(line for line in server.stdout if line.startswith("klingmock ready "))
        yield ready.split()[-1]
        server.terminate()


def shell(command: str) -> str:
    done = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_call_gets_the_reply_shown(url: str, need: Callable[..., str]) -> None:
    need("curl")
    replies = [shell(text.replace(WRITTEN, url)) for text in blocks("sh", "--request POST")]
    shown = blocks("json", "task_id")
    assert [masked(reply).strip() for reply in replies] == [masked(text).strip() for text in shown]


def test_the_refused_call_gets_the_lines_shown(url: str, need: Callable[..., str]) -> None:
    need("curl")
    (reply,) = [shell(text.replace(WRITTEN, url)) for text in blocks("sh", "--include")]
    lines = {line.strip() for line in reply.splitlines()}
    (shown,) = blocks("text", "HTTP/1.1 400")
    assert {line.strip() for line in shown.splitlines()} <= lines


@pytest.mark.parametrize("containing", ["urlretrieve", "create_app(mock)"])
def test_the_python_programs_run(containing: str, url: str, tmp_path: Path) -> None:
    (program,) = blocks("python", containing)
    script = tmp_path / "program.py"
    script.write_text(program.replace(WRITTEN, url))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    if containing == "urlretrieve":
        assert done.stdout.startswith(url)
        assert (tmp_path / "mountain.mp4").read_bytes()[4:8] == b"ftyp"
    else:
        assert done.stdout.startswith("200 ")


def test_the_node_program_runs(url: str, need: Callable[..., str], tmp_path: Path) -> None:
    (program,) = blocks("js")
    script = tmp_path / "program.mjs"
    script.write_text(program.replace(WRITTEN, url))
    done = subprocess.run([need("node"), script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(url)
    assert done.stdout.strip().endswith(".mp4")


COMMANDS = [line for block in blocks("sh", "klingmock contract") for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_contract_commands_run(command: str) -> None:
    done = subprocess.run(
        [*COMMAND, *command.split()[1:]], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    if command.endswith("openapi"):
        assert json.loads(done.stdout)["openapi"] == "3.1.0"
    else:
        assert len(done.stdout.splitlines()) > 4


def row(setting: Setting) -> str:
    text, _, default = setting.help.partition(" (default: ")
    default = default.removesuffix(")")
    if not default and setting.default not in (None, (), False):
        default = f"`{','.join(setting.default) if setting.many else setting.default}`"
    flag = f"--{setting.name} {setting.metavar}".strip()
    return f"| `{flag}` | {text}{'; may be repeated' if setting.many else ''} | {default} |"


def test_the_table_of_settings_is_the_table_in_the_code() -> None:
    written = [line for line in README.splitlines() if line.startswith("| `--")]
    assert written == [row(setting) for setting in SETTINGS]


def test_the_special_keys_are_those_in_the_code() -> None:
    written = re.findall(r"^\| `(mock-\w+)` \| (.+) \|$", README, re.MULTILINE)
    assert written == [(special.key, special.means) for special in SPECIAL]


def test_the_table_of_faults_is_the_table_in_the_code() -> None:
    written = [tuple(line.strip("| ").split(" | ")) for line in README.splitlines()]
    assert {row for row in written if len(row) == 3} >= {(f"`{word}`", *told) for word, *told in rows()}


def test_the_options_are_those_in_the_code() -> None:
    table = README.partition("| option | meaning")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert names == list(Options._fields)


def path_row(deed: Deed) -> str:
    takes = CHANGEABLE if deed.takes is None else deed.takes
    return f"| `{deed.method} {deed.path}` | {', '.join(f'`{name}`' for name in takes)} | {deed.says} |"


def test_the_table_of_control_paths_is_the_table_in_the_code() -> None:
    table = README.partition("| call | takes |")[2].partition("\n\n")[0]
    assert table.splitlines()[2:] == [path_row(deed) for deed in DEEDS]


def test_the_walk_of_the_control_api_runs(url: str, need: Callable[..., str]) -> None:
    need("curl")
    (walk,) = blocks("sh", f"{PREFIX}/$@")
    began, script, clock, ledger, *verdict = shell(walk.replace(WRITTEN, url)).splitlines()
    assert json.loads(began)["mode"] == "manual"
    assert [script] == [
        line.partition("# ")[2] for line in walk.splitlines() if line.startswith("steer script")
    ]
    assert json.loads(clock)["now"] >= json.loads(began)["now"]  # this server's jobs are done at once
    assert [one["requests"] for one in json.loads(ledger)["double_charges"]] == [[1, 2]]
    (row,) = [line for line in verdict if line.startswith("submits-once")]
    assert row.split()[1] == "fail"


def test_ci_runs_the_readmes_test_command() -> None:
    (command,) = blocks("sh", "&& tox")
    assert command in (ROOT / ".ci" / "run").read_text()


def test_the_waivers_shown_can_be_read(tmp_path: Path) -> None:
    for text in blocks("toml", "[[waiver]]"):
        (tmp_path / "waivers.toml").write_text(text)
        (waiver,) = read_waivers(str(tmp_path / "waivers.toml"))
        assert (waiver.rule, waiver.command) == ("task.reply.data.*", "drift live")


def test_the_forms_and_the_files_that_are_named_are_there() -> None:
    assert f"`--format {'|'.join(FORMS)}`" in README
    for name in re.findall(r"\]\(((?:fixtures|\.github)/[^)]+)\)", README):
        assert (ROOT / name).exists(), name


def test_the_line_of_a_recording_is_read_as_it_is_described() -> None:
    (fields,) = re.findall(r'`\{("method".*?)\}`', README)
    (first, *_) = (ROOT / "fixtures" / "traffic" / "lines.jsonl").read_text().splitlines()
    assert re.findall(r'"(\w+)"', fields) == list(json.loads(first))


@pytest.mark.parametrize("command", ["klingmock diff", "klingmock import"])
def test_the_commands_that_look_for_drift_print_what_is_shown(command: str, tmp_path: Path) -> None:
    (text,) = blocks("text", f"$ {command}")
    line, _, shown = text.partition("\n")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    done = subprocess.run(
        [*COMMAND, *line.split()[2:]],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "124"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1 if command.endswith("diff") else 0, shown)
