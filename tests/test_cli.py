"""klingmock.cli: the command, its errors and its exit codes."""

import os
import subprocess
import sys
from importlib import import_module

import pytest

from klingcontracts.problem import Problem
from klingmock import __version__, cli, server
from klingmock.cli import COMMANDS, main
from klingmock.settings import SETTINGS

SECRET = "sk-live-secret"


@pytest.fixture
def process(tmp_path):
    """Run the command as a process of its own."""

    def start(*arguments: str, **more):
        # Output is buffered, as it is for everybody who has not switched that off.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        command = [sys.executable, "-m", "klingmock", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, timeout=60, check=False, **more)

    return start


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(run, flag):
    assert run(flag) == (0, f"klingmock {__version__}\n", "")


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), ["contract", "list"], ["contract", "show"]]
)
def test_help(run, command):
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: {' '.join(['klingmock', *command])}")


def test_help_names_every_command_and_setting(run):
    assert all(f"    {name} " in run("--help")[1] for name in COMMANDS)
    text = " ".join(run("serve", "--help")[1].split())
    for row in SETTINGS:
        assert f"--{row.name}" in text
        assert row.help in text


# --- errors: one line, exit code 2, no traceback, and no key ---

ERRORS = [
    ([], "COMMAND"),
    (["serv"], "Nearest: 'serve'"),
    (["contrat", "list"], "Nearest: 'contract'"),
    (["--nonsense"], "klingmock"),
    (["contract"], "ACTION"),
    (["contract", "lst"], "lst"),
    (["contract", "show", "2026-03"], "Nearest: '2026-0"),
    (["contract", "show", "missing.json"], "missing.json"),
    (["contract", "show", "--format", "opnapi"], "Nearest: 'openapi'"),
    (["contract", "show", "--reading", "x"], "no equals sign"),
    (["contract", "show", "--reading", "null-feld=absent"], "Nearest: 'null-field'"),
    (["contract", "show", "--reading", "null-field=absnt"], "Nearest: 'absent'"),
    (["contract", "show", "2026-02", "2026-04"], "a word too many"),
    (["contract", "list", "--formt"], "--formt is not known"),
    (["serve", "--prt", "1"], "Nearest: --port"),
    (["serve", "--zzzzzz"], "--zzzzzz is not known"),
    (["serve", "extra"], "a word too many"),
    (["serve", "--port"], "--port"),
    (["serve", "--port", "x"], "--port: 'x' is not a port"),
    (["serve", "--po", "1"], "--po is not known"),
    (["serve", "--revision", "2026-03"], "Nearest: '2026-0"),
    (["serve", "--reading", "tier=10"], "tier"),
    (["serve", "--reading", "null-field=absnt"], "Nearest: 'absent'"),
    (["serve", "--config", "missing.toml"], "missing.toml can't be read"),
    (["serve", "--journal", "missing/j.jsonl"], "missing/j.jsonl"),
    (["serve", "--host", "203.0.113.1", "--port", "0"], "203.0.113.1"),
    (["serve", "--host", "no-such-host.invalid", "--port", "0"], "no-such-host.invalid"),
    (["serve", "--host", "x" * 70, "--port", "0"], "--host"),
    (["serve", "--api-key", f"{SECRET} x"], "--api-key"),
    (["serve", "--api-kys", SECRET], "Nearest: --api-key"),
    (["serve", f"--api-kys={SECRET}"], "Nearest: --api-key"),
    (["serve", SECRET], "a word too many"),
    (["--api-key", SECRET, "serve"], "--api-key"),
]


@pytest.mark.parametrize(("arguments", "text"), ERRORS, ids=[" ".join(words)[:40] for words, _ in ERRORS])
def test_an_error_is_one_line_with_a_remedy_and_exit_code_2(run, arguments, text):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("klingmock: ")
    assert err.count("\n") == 1
    assert text in err
    assert "secret" not in err


@pytest.mark.parametrize(
    "document", ["{}", "[]", "x", '{"openapi": "3.1.0"}', '{"openapi": "3.1.0", "paths": {}}']
)
@pytest.mark.parametrize(
    "command", [["contract", "show", "own.json"], ["serve", "--port", "0", "--revision", "own.json"]]
)
def test_a_document_that_is_no_contract_is_named(run, tmp_path, command, document):
    (tmp_path / "own.json").write_text(document)
    code, _, err = run(*command)
    assert code == 2
    assert "own.json" in err
    assert err.count("\n") == 1


def test_the_exit_code_is_the_problems(run, monkeypatch):
    def fail(_):
        raise Problem("It can't be reached.", "Try later.", 3)

    monkeypatch.setattr(server, "serve", fail)
    assert run("serve") == (3, "", "klingmock: It can't be reached. Try later.\n")


def test_ctrl_c_is_130_and_says_nothing(run, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "serve", interrupted)
    assert run("serve") == (130, "", "")


def test_the_arguments_are_the_processes(monkeypatch, capsys):
    monkeypatch.setattr(cli.sys, "argv", ["klingmock", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"klingmock {__version__}\n"


# --- as a process ---


def test_errors_have_no_traceback(process):
    done = process("serv", capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "arguments", [["contract", "list"], ["--version"], ["contract", "show", "--format", "openapi"]]
)
def test_a_reader_that_has_gone_is_no_error(process, arguments):
    reading, writing = os.pipe()
    os.close(reading)  # before the command starts, so that every write meets a closed pipe
    try:
        done = process(*arguments, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [["contract", "list"], ["contract", "show", "--format", "openapi"]])
def test_a_full_disk_is_one_line(process, arguments):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = process(*arguments, stdout=full, stderr=subprocess.PIPE, text=False)
    assert done.returncode == 3
    assert b"can't be written: No space left on device" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_to_load_the_module_is_not_to_run_it(capsys):
    import_module("klingmock.__main__")
    assert capsys.readouterr() == ("", "")


def test_showing_a_contract_loads_no_server(process, tmp_path):
    (tmp_path / "look.py").write_text(
        "import sys\nfrom klingmock.cli import main\nmain(['contract', 'list'])\n"
        "sys.exit(bool({'uvicorn', 'starlette', 'asyncio'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "look.py"], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
