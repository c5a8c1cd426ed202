"""What several test files need."""

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from klingcontracts.check import check_reply, route
from klingcontracts.contract import Contract, load
from klingcontracts.document import read
from klingcontracts.drift import Found, NotLooked, Report, Waived
from klingcontracts.exchange import Call, Reply
from klingcontracts.finding import Finding
from klingcontracts.probe_ask import Asking
from klingcontracts.probe_follow import Patience
from klingcontracts.probe_guard import Budget, Spending
from klingcontracts.probe_pace import Pace, Rate
from klingcontracts.probe_reading import Readings
from klingcontracts.probe_run import Run
from klingcontracts.rule import Level, Provenance, Rule
from klingmock.answer import Mock
from klingmock.cli import main
from klingmock.clock import Manual
from klingmock.script import Script
from klingmock.scripts import Scripts
from klingmock.served import Plan

# A busy machine is no failure: how long an example takes is the benchmarks' business.
settings.register_profile("klingmock", deadline=None)
settings.load_profile("klingmock")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Keep what was watched: xdist kills a worker that takes more than ten seconds to leave."""
    watching = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if watching is not None:
        watching.save()


@pytest.fixture(scope="session")
def need() -> Callable[..., str]:
    """Find a tool, or skip the test (fail it where REQUIRE_TOOLS=1)."""

    def find(name: str, *others: str) -> str:
        path = next(filter(None, map(shutil.which, (name, *others))), None)
        return path or _missing(" or ".join((name, *others)))

    return find


@pytest.fixture(scope="session")
def need_library() -> Callable[[str], None]:
    """Skip the test (fail it where REQUIRE_TOOLS=1) unless a library is installed."""

    def find(name: str) -> None:
        if find_spec(name) is None:
            _missing(name)

    return find


def _missing(what: str) -> NoReturn:
    if os.environ.get("REQUIRE_TOOLS") == "1":
        pytest.fail(f"{what} is not installed, and REQUIRE_TOOLS=1 asks for it")
    pytest.skip(f"{what} is not installed")


class Running(NamedTuple):
    """A `klingmock serve` that runs as a process of its own."""

    process: subprocess.Popen[str]
    url: str
    banner: str  # what it printed before the ready line
    log: Path  # its standard error


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Running]]:
    """Start `klingmock serve --port 0` with more flags; the end of the block ends it, with exit code 0."""

    @contextmanager
    def start(
        *flags: str,
        command: Sequence[str] = (sys.executable, "-m", "klingmock"),
        environment: Mapping[str, str] = os.environ,
    ) -> Iterator[Running]:
        folder = tmp_path_factory.mktemp("served")  # empty, so that no configuration file is found
        log = folder.with_name(f"{folder.name}.log")
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [*command, "serve", "--port", "0", *flags],
                cwd=folder,
                env={name: value for name, value in environment.items() if not name.startswith("KLINGMOCK_")},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                banner, url = _until_ready(process, log)
                yield Running(process, url, banner, log)
                process.terminate()
                said, _ = process.communicate(timeout=10)
                assert (process.returncode, said) == (0, "klingmock stopped\n"), log.read_text()
            finally:
                process.kill()

    return start


def _until_ready(process: subprocess.Popen[str], log: Path) -> tuple[str, str]:
    assert process.stdout is not None
    banner = []
    for line in process.stdout:
        if line.startswith("klingmock ready "):
            return "".join(banner), line.split()[-1]
        banner.append(line)
    raise AssertionError(f"it ended before it was ready:\n{log.read_text()}")


class Fake:
    """The engine under a clock that is moved by hand. Every reply is held against the contract."""

    def __init__(
        self,
        *revisions: str,
        readings: Mapping[str, str] | None = None,
        parts: Mapping[str, Any] | None = None,
        **plan: Any,
    ) -> None:
        contracts = [load(name, readings) for name in revisions or ("2026-02",)]
        self.clock = Manual()
        self.script = Script()
        given = {"scripts": Scripts(self.script), **(parts or {})}
        self.mock = Mock(contracts, Plan(**plan), clock=self.clock, **given)
        self.contract = contracts[0]
        self.submit_path = contracts[0].operation("submit").path

    def call(self, method: str, path: str, body: bytes = b"", key: str = "mock-a", **more: Any) -> Reply:
        """Send one request; `more` are further headers (with _ for -) and fields of Call."""
        fields = {name: more.pop(name) for name in ("origin", "oversize", "query") if name in more}
        headers = {"authorization": f"Bearer {key}"} if key else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.answer(Call(method, path, headers, body, **fields))

    def answer(self, call: Call) -> Reply:
        """The reply to a call, once it is known to keep to the contract."""
        reply = self.mock.answer(call)
        operation, _ = route(self.contract, call)
        if operation is not None:
            assert not check_reply(self.contract, operation, call, reply)
        if reply.status >= 400 and reply.status != 416:  # 416 is the video's, and has no body
            told = self.told(reply)
            assert set(told) == {"code", "message"}
            assert told["code"] == reply.status
            assert re.fullmatch(r"[A-Z][a-z A-Z]+: \S.*", told["message"], re.DOTALL)
        return reply

    def submit(self, body: Any = None, key: str = "mock-a", path: str = "", **more: Any) -> Reply:
        """Submit a job; without a body, the smallest one that is documented."""
        sent = {"image": "https://example.com/mountain.jpg"} if body is None else body
        raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return self.call("POST", path or self.submit_path, raw, key, **more)

    def submitted(self, *arguments: Any, **more: Any) -> str:
        """The id of a job that must be accepted."""
        reply = self.submit(*arguments, **more)
        assert reply.status == 200, bytes(reply.body)
        return str(self.told(reply)["data"]["task_id"])

    def at(self, place: str, task_id: str = "task-1") -> Reply:
        """One call of a script's place, whose reply is not looked at: a drop has none."""
        image = b'{"image": "https://example.com/mountain.jpg"}'
        path, method, body = {
            "submit": (self.submit_path, "POST", image),
            "task": (f"/api/v1/tasks/{task_id}", "GET", b""),
            "media": (self.mock.served[0].replies.video_path(task_id), "GET", b""),
        }[place]
        return self.mock.answer(Call(method, path, {"authorization": "Bearer mock-a"}, body))

    def poll(self, task_id: str, key: str = "mock-a", **more: Any) -> Reply:
        """Ask for a task."""
        return self.call("GET", f"/api/v1/tasks/{task_id}", key=key, **more)

    def status(self, task_id: str, key: str = "mock-a") -> str:
        """The status of a task; "404" when it is not there."""
        reply = self.poll(task_id, key)
        return str(self.told(reply)["data"]["status"]) if reply.status == 200 else str(reply.status)

    @staticmethod
    def told(reply: Reply) -> Any:
        """The JSON of a reply."""
        return json.loads(bytes(reply.body))


@pytest.fixture(scope="session")
def fake() -> type[Fake]:
    """Make an engine: fake("2026-07", readings={...}, limited=False)."""
    return Fake


@pytest.fixture(scope="session")
def ask() -> Callable[..., tuple[int, Any, dict[str, str]]]:
    """Call a running server over a connection of its own: status, JSON and headers of the reply."""

    def call(url: str, method: str = "GET", path: str = "/__klingmock/ready", body=None, key: str = "mock-a"):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {key}"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read()), dict(reply.getheaders())
        finally:
            connection.close()

    return call


@pytest.fixture(scope="session")
def template() -> ModuleType:
    """The module inner/page_template.py, which renders a contract as a published page."""
    return _inner("page_template")


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The module inner/made_up.py, which makes certificates up."""
    return _inner("made_up")


def _inner(name: str) -> ModuleType:
    spec = spec_from_file_location(name, Path(__file__).parent / "inner" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def address() -> Callable[[str], tuple[str, int]]:
    """The host and port of a URL, for a socket."""

    def parts(url: str) -> tuple[str, int]:
        host, _, port = url.removeprefix("http://").rpartition(":")
        return host.strip("[]"), int(port)

    return parts


@pytest.fixture(scope="session")
def ipv6() -> None:
    """Skip the test where the machine has no ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")


@pytest.fixture
def own_document(tmp_path: Path) -> Callable[..., str]:
    """Write a revision's document with some of its members replaced: own_document(servers=[]) is its path."""

    def write(revision: str = "2026-02", **changed: Any) -> str:
        path = tmp_path / "own.json"
        path.write_text(json.dumps({**read(revision), **changed}), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def own_body(own_document: Callable[..., str]) -> Callable[..., Contract]:
    """A contract whose request schema has these keywords in place of its own: own_body(required=[])."""

    def changed(**keywords: Any) -> Contract:
        document = json.loads(json.dumps(read("2026-02")))
        submit = document["paths"][load().operation("submit").path]["post"]
        submit["requestBody"]["content"]["application/json"]["schema"].update(keywords)
        return load(own_document(**document))

    return changed


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in an empty folder; its exit code, output and error output."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KLINGMOCK_")]:
        monkeypatch.delenv(name)

    def start(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return (code, *capsys.readouterr())

    return start


def a_finding(level: Level = Level.ERROR, **other: Any) -> Finding:
    """One finding, as a look for drift has it; `other` are fields of it in place of these."""
    rule = Rule("submit.body.mode.enum", "submit", "mode is 'std'", level, Provenance("documented", ("S0",)))
    finding = Finding(rule, "submit", "/mode", "'pro'", rule.says, {})
    return finding._replace(**other)


@pytest.fixture(scope="session")
def finding() -> Callable[..., Finding]:
    """Make a finding: finding(Level.INFO, seen="something")."""
    return a_finding


@pytest.fixture(scope="session")
def hostile_reports() -> st.SearchStrategy[Report]:
    """Reports whose texts are anything: control characters, marks of every format, lone surrogates, 1 MB."""
    marks = st.sampled_from(
        [*"\n\r\t|<>&`'\"\\\x00\x1b\x85\u2028\ud800,:%#*[]@", "::error::", "]]>", "</td>", "```", "-->", "字"]
    )
    texts = st.lists(marks | st.text(st.characters(exclude_categories=()), max_size=5), max_size=8).map(
        "".join
    )
    rules = st.builds(
        Rule,
        texts,
        texts,
        texts,
        st.sampled_from(Level),
        st.builds(Provenance, texts, st.lists(texts, max_size=2).map(tuple)),
    )
    large = st.integers(0, 19).map(lambda drawn: "a\n|<::`\x00" * (130_000 if drawn == 19 else 1))  # 1 MB
    findings = st.builds(Finding, rules, texts, texts, texts | large, texts, st.just({}))
    evidence = st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("curl", "file", "place", "means"), texts)
        | {"agree": st.lists(texts, max_size=3), "line": st.integers(1, 9), "times": st.integers(1, 9)},
    )
    found = st.builds(Found, findings, evidence)
    return st.builds(
        Report,
        st.sampled_from(["diff", "drift docs", "drift live", "drift traffic"]),
        texts,
        texts,
        st.lists(found, max_size=4),
        st.lists(st.builds(NotLooked, texts, texts), max_size=3),
        st.integers(0, 3),
        st.integers(0, 300),
        st.just("") | texts,
        st.lists(st.builds(Waived, found, texts, st.sampled_from(["", "2027-01-31"])), max_size=2),
    )


CHROMIUM = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def browser(need: Callable[..., str]) -> Callable[..., AbstractContextManager[subprocess.Popen[bytes]]]:
    """A headless Chromium at an address for the length of a block: a process whose output is to be read."""
    chromium = need("chromium", "chromium-browser", "google-chrome")

    @contextmanager
    def start(address: str, *flags: str, output: Any = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
        # Chromium keeps sockets in its temporary folder, and a socket's path has to be short: not tmp_path.
        with tempfile.TemporaryDirectory(prefix="klingmock-", ignore_cleanup_errors=True) as home:
            names = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
            process = subprocess.Popen(
                [chromium, *CHROMIUM, *flags, f"--user-data-dir={home}/profile", address],
                env=os.environ | dict.fromkeys(names, home),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            with process, _ended(process):
                yield process

    return start


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a group of its own; at the end of the block nothing of the group is left."""
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def ended() -> Callable[[subprocess.Popen[bytes]], AbstractContextManager[subprocess.Popen[bytes]]]:
    """End a process and its whole group with a block."""
    return _ended


Told = tuple[int, dict[str, str], bytes]


def _asgi(
    app: Any, method: str, target: str, headers: Mapping[str, str], body: bytes, client: str | None
) -> Told:
    path, _, query = target.partition("?")
    sent: list[Any] = []
    chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 8787),
        "client": (client, 5) if client else None,
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
    asyncio.run(app(scope, receive, send))
    told = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture(scope="session")
def asgi() -> Callable[..., Told]:
    """Ask an ASGI application without a socket: status, headers and bytes of the reply."""

    def ask(
        app: Any,
        method: str,
        target: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes = b"",
        client: str | None = "127.0.0.1",
    ) -> Told:
        return _asgi(app, method, target, headers, body, client)

    return ask


class Look:
    """A live API in this process, looked at under a clock that is moved by hand."""

    def __init__(self, send: Callable[[Call], Reply], clock: Manual, revision: str, **chosen: Any) -> None:
        def load_read(readings: Mapping[str, str]) -> Contract:
            return load(revision, readings)

        keys = {"first": "mock-a", "second": "mock-b", **chosen.pop("keys", {})}
        self.clock, self.calls = clock, list[Call]()
        budget = Budget(**{name: chosen.pop(name) for name in Budget._fields if name in chosen})
        self.readings = Readings(load_read, chosen.pop("readings", {}))
        pace = Pace(clock.now, clock.advance, Rate())

        def counted(call: Call) -> Reply:
            self.calls.append(call)
            return send(call)

        self.spending = Spending(counted, "http://api.test", self.readings.takes, keys, budget, pace)
        self.asking = Asking(self.readings, self.spending)
        self.run = Run(self.asking, Patience(1.0, 60.0), **chosen)

    def report(self) -> Report:
        """Look, and report."""
        self.run.run()
        return self.run.report("http://api.test", "2026-02")

    def loud(self) -> dict[str, str]:
        """What was found above info: rule to what was seen."""
        found = self.report().found
        return {one.finding.rule.id: one.finding.seen for one in found if one.finding.level > Level.INFO}


@pytest.fixture(scope="session")
def look() -> Callable[..., Look]:
    """Look at a live API: look(mock.answer), or look("2026-07", spend=1) for the fake of a revision."""

    def make(api: Any = "2026-02", *, against: str = "", clock: Manual | None = None, **chosen: Any) -> Look:
        clock = clock or Manual()
        if not callable(api):
            given = {name: chosen.pop(name) for name in ("served", "plan") if name in chosen}
            contract = load(api, given.get("served", {}))
            api, against = Mock([contract], Plan(**given.get("plan", {})), clock=clock).answer, against or api
        return Look(api, clock, against or "2026-02", **chosen)

    return make
