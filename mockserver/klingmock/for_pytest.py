"""The pytest plugin. Every pytest run on the machine imports it: what it needs is loaded by its fixtures."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from hashlib import blake2b
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    import respx

    from klingmock.handle import Handle
    from klingmock.kit import Kit
    from klingmock.tally import Tally

NEEDS_TEST = 'Install it with: pip install "klingmock[test]"'
_kit = pytest.StashKey["Kit"]()
_tally = pytest.StashKey["Tally"]()
_strays = pytest.StashKey[list[str]]()  # what there is to say about calls of the vendor's host
_bill = pytest.StashKey[tuple[int, int]]()  # jobs that were accepted, and what they cost in 1/10,000 USD
_seen = pytest.StashKey[dict[str, int]]()  # how many exchanges each open world had before this test


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two flags."""
    group = parser.getgroup("klingmock", "klingmock, the fake of an image-to-video API")
    group.addoption(
        "--klingmock-rules",
        action="store_true",
        help="tell at the end which rules of the contract the suite exercised; with -v also which it did not",
    )
    group.addoption(
        "--klingmock-rules-json",
        metavar="FILE",
        help="write the same to FILE as JSON",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "klingmock(revision, reading, timing, limits, retention, balance, prices, seed, script, time): "
        "the world that the fixture klingmock gives this test",
    )
    if config.option.klingmock_rules or config.option.klingmock_rules_json:
        config.stash[_tally] = import_module("klingmock.tally").Tally()


@pytest.fixture(scope="session")
def klingmock_config() -> Mapping[str, Any]:
    """Options for every world; override it to set them (klingmock.options.Options has the names)."""
    return {}


@pytest.fixture(scope="session")
def klingmock_server(pytestconfig: pytest.Config) -> "Iterator[Kit]":
    """A real server on a free port, in a thread of this process; `.url` says where."""
    tally = pytestconfig.stash.get(_tally, None)
    kit = import_module("klingmock.kit").Kit(tally.add if tally is not None else None)
    pytestconfig.stash[_kit] = kit
    yield kit
    kit.close()  # and stays in the stash: the last test may still fail in its teardown, and be reported
    _charge(pytestconfig, (kit.jobs, kit.spent))


@pytest.fixture
def klingmock(
    request: pytest.FixtureRequest, klingmock_server: "Kit", klingmock_config: Mapping[str, Any]
) -> "Iterator[Handle]":
    """A world of this test's own: `.url`, `.api_key`, a clock that stands still, `.tasks`, `.journal`.

    MODELLIX_BASE_URL and MODELLIX_API_KEY lead here meanwhile, and the vendor's host leads nowhere.
    """
    marks = list(request.node.iter_markers("klingmock"))[::-1]  # the closest one wins
    for mark in marks:
        if mark.args:
            remedy = "Write it as in @pytest.mark.klingmock(timing='instant')."
            _usage(f"The marker takes keywords only, and was given {mark.args[0]!r}. {remedy}")
    handle = _open(klingmock_server, _key(request.node.nodeid), klingmock_config, *(m.kwargs for m in marks))
    guard = import_module("klingmock.guard")
    hosts = guard.hosts_of(handle.contract)
    strays: list[str] = []
    request.node.stash[_strays] = strays
    with (
        handle,
        pytest.MonkeyPatch.context() as patch,
        guard.no_calls_home(hosts, lambda host: _stray(host, handle, strays)),
    ):
        for name, value in handle.environ.items():
            patch.setenv(name, value)
        for name in ("NO_PROXY", "no_proxy"):  # a proxy would look the vendor's host up, unseen
            patch.setenv(name, ",".join(guard.domains_of(hosts)), prepend=",")
        yield handle
    if strays:
        pytest.fail(strays[0], pytrace=False)  # for a client that swallows everything


@pytest.fixture
def klingmock_router(klingmock: "Handle") -> "Iterator[respx.MockRouter]":
    """A respx router that answers for the vendor's real host, in the world of `klingmock`."""
    if find_spec("respx") is None:
        _usage(f"klingmock_router needs respx, which is not installed. {NEEDS_TEST}")
    for_respx = import_module("klingcontracts.for_respx")
    options = klingmock.options
    router = for_respx.router(klingmock.answer, revision=options.revision, readings=dict(options.reading))
    router.route(url__startswith=klingmock.url).pass_through()
    with router:
        yield router


@pytest.fixture(scope="session")
def make_klingmock(klingmock_server: "Kit", klingmock_config: Mapping[str, Any]) -> "Callable[..., Handle]":
    """A function that opens worlds, for any scope and any example of hypothesis.

    with make_klingmock(timing="instant") as fake: ...

    The environment is left alone (`fake.environ` has the variables). What is still open at the end of the
    session is closed then.
    """
    numbers = count(1)

    def make(**given: Any) -> "Handle":
        return _open(klingmock_server, f"mock-made-{next(numbers)}", klingmock_config, given)

    return make


def _open(kit: "Kit", key: str, config: Mapping[str, Any], *given: Mapping[str, Any]) -> "Handle":
    if not isinstance(config, Mapping):
        _usage(f"klingmock_config gives {config!r}, and no mapping. Let it return a dictionary of options.")
    problem = import_module("klingcontracts.problem").Problem
    wrong = ""
    try:
        return kit.open(config, *given, key=key)
    except problem as error:
        wrong = str(error)
    return _usage(wrong)  # outside of the except, so that one error is shown and not two


def _usage(text: str) -> NoReturn:
    pytest.fail(f"klingmock: {text}", pytrace=False)


def _key(nodeid: str) -> str:
    # The same test has the same key in each run, and so the same task ids.
    return f"mock-test-{blake2b(nodeid.encode(), digest_size=6).hexdigest()}"


def _stray(host: str, handle: "Handle", strays: list[str]) -> NoReturn:
    variable = handle.options.base_url_variable
    strays.append(
        f"This test uses the fake, but its client called the real host {host}. Let the client take its "
        f"address from {variable} or klingmock.url, or use the fixture klingmock_router."
    )
    pytest.fail(strays[-1], pytrace=False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give a marked test its world, before its own fixtures: they may read the environment.

    Fixtures of a wider scope come first, as everywhere in pytest: what they set has to outlast this world. A
    marked test that only takes make_klingmock opens its worlds itself.
    """
    for item in items:
        names = getattr(item, "fixturenames", None)  # a test of another kind, as of a text file, has none
        if names is None:
            continue
        marked = item.get_closest_marker("klingmock") is not None and "make_klingmock" not in names
        if marked or "klingmock" in names:
            others = [name for name in names if name != "klingmock"]
            wider = [name for name in others if _is_wide(config, item, name)]
            own = [name for name in others if name not in wider]
            item.fixturenames = [*wider, "klingmock", *own]  # type: ignore[attr-defined]  # pytest.Item has no word for it


def _is_wide(config: pytest.Config, item: pytest.Item, name: str) -> bool:
    """Whether a fixture outlasts a test; an argument of a parametrized one is no fixture."""
    fixtures: Any = config.pluginmanager.get_plugin("funcmanage")  # what knows every fixture of the run
    known = fixtures.getfixturedefs(name, item)
    return bool(known) and known[-1].scope != "function"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note where the exchanges of this test begin."""
    kit = item.config.stash.get(_kit, None)
    if kit is not None:
        kit.recent.clear()
        item.stash[_seen] = {key: handle.total for key, handle in kit.open_handles.items()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Show what was asked of the fake where a test has failed."""
    report = yield
    strays = item.stash.get(_strays, [])
    if call.excinfo is not None and getattr(call.excinfo.value, "msg", None) in strays:
        strays.clear()  # said once is enough
    kit = item.config.stash.get(_kit, None)
    if report.failed and kit is not None:
        seen = item.stash.get(_seen, {})
        for handle in {**kit.open_handles, **{one.api_key: one for one in kit.recent}}.values():
            told = handle.told(seen.get(handle.api_key, 0))
            if told:
                report.sections.append((f"klingmock exchanges ({call.when})", told))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its counts to the one that reports."""
    tally, output = session.config.stash.get(_tally, None), getattr(session.config, "workeroutput", None)
    if output is not None:
        output["klingmock_bill"] = session.config.stash.get(_bill, (0, 0))
    if tally is not None and output is not None:
        output["klingmock_rules"] = tally.to_json()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the counts of a worker that has ended; one that crashed has none."""
    tally = node.config.stash.get(_tally, None)
    output = getattr(node, "workeroutput", {})
    _charge(node.config, output.get("klingmock_bill", (0, 0)))
    told = output.get("klingmock_rules")
    if tally is not None and told is not None:
        tally.merge(told)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell what the suite would have cost, and which rules it exercised."""
    jobs, spent = config.stash.get(_bill, (0, 0))
    if jobs and config.get_verbosity() >= 0:
        jobs_of = f"{jobs} job{'s' if jobs > 1 else ''} accepted"
        terminalreporter.write_line(
            f"klingmock: {jobs_of}, {spent / 10_000:.4f} USD at made-up prices, none paid"
        )
    tally = config.stash.get(_tally, None)
    if tally is None:
        return
    if config.option.klingmock_rules:
        terminalreporter.write_sep("=", "klingmock rules")
        terminalreporter.write_line(tally.text(verbose=config.get_verbosity() > 0))
    if config.option.klingmock_rules_json:
        path = config.invocation_params.dir / config.option.klingmock_rules_json
        _write(tally, str(path), terminalreporter)


def _charge(config: pytest.Config, bill: Sequence[int]) -> None:
    jobs, spent = config.stash.get(_bill, (0, 0))
    config.stash[_bill] = (jobs + bill[0], spent + bill[1])


def _write(tally: "Tally", path: str, reporter: Any) -> None:
    problem = import_module("klingcontracts.problem").Problem
    try:
        tally.write(path)
    except problem as error:
        reporter.write_line(f"klingmock: {error}", red=True)
