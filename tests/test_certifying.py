"""klingmock.certifying: a program is put through scenarios, in parallel, over real sockets."""

import json
import sys
from pathlib import Path

import pytest

import klingmock
from klingcontracts.problem import Problem
from klingmock import certifying
from klingmock.certifying import certify
from klingmock.program import Programs
from klingmock.scenario import Scenario, scenarios
from klingmock.stage import Way

INNER = Path(__file__).parent / "inner"
CLIENT = [sys.executable, str(INNER / "one_job.py")]
FAST = Way(speed=20.0, timeout=60.0)  # the client's tenth of a second counts as two
GOOD = [*CLIENT, "0.1", "3"]
QUICK = [one for one in scenarios() if one.name not in {"submit-late", "poll-429", "poll-429-reset"}]


@pytest.fixture(scope="module")
def good():
    """What a good client does in every scenario that can be played fast; its waits are no world's."""
    told = []
    found = certify(GOOD, QUICK, FAST, lambda done, on: told.append((done, list(on))))
    return found, told


def test_a_good_client_is_blamed_in_no_scenario(good):
    found, _ = good
    assert [(one.name, check.id, check.seen) for one, check in found.blamed()] == []
    assert found.exit_code() == 0
    assert found.summary["passed"] == found.summary["scenarios"] == len(QUICK)


def test_it_is_told_what_the_run_brought(good):
    found, _ = good
    assert [one.name for one in found.played] == [one.name for one in QUICK]
    assert found.revision == "2026-02"
    assert found.command.startswith(sys.executable)
    by_name = {one.name: one for one in found.played}
    plain, lost, endless = by_name["plain"], by_name["submit-lost"], by_name["never-ends"]
    assert (plain.exit_code, plain.ended, plain.charges, plain.dollars) == (0, "exited", 1, "0.1400")
    assert (lost.exit_code, lost.charges) == (1, 1)
    assert [fault.fired for fault in lost.faults] == [1]
    assert endless.check("gives-up").verdict == "pass"
    for one in found.played:
        numbers = [entry.exchange.number for entry in one.entries]
        assert numbers == list(range(1, len(numbers) + 1))
        assert one.started <= one.entries[0].exchange.at <= one.started + one.seconds
        assert one.output.startswith("with the key <redacted>: ")


def test_they_are_played_at_the_same_time_the_longest_first(good):
    found, told = good
    assert found.seconds < sum(one.seconds for one in found.played) / FAST.speed
    assert told[0][0] == 0
    assert "never-ends" in told[0][1] or "never-ends" in told[1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_flaw_is_blamed_where_it_shows():
    found = certify([*GOOD, "resubmits"], ["submit-lost", "plain", "submit-500"], FAST)
    assert [(one.name, check.id) for one, check in found.blamed()] == [
        ("submit-lost", "submits-once"),
        ("submit-500", "submits-once"),
    ]
    assert [one.charges for one in found.played] == [2, 1, 1]
    assert found.exit_code() == 1


def test_a_client_that_hangs_is_ended_and_its_last_words_are_kept():
    found = certify([*CLIENT, "0.1", "1000"], ["never-ends"], Way(speed=20.0, timeout=4.0))
    (one,) = found.played
    assert (one.exit_code, one.ended) == (None, "timed out")
    assert [check.id for check in one.blamed] == ["gives-up"]
    assert one.seconds >= 80.0  # on the clock of its world
    assert "<redacted>" in one.output


def test_a_client_that_hangs_has_the_waits_of_the_script_besides(monkeypatch):
    given = []

    class Watched(Programs):
        def run(self, words, environ, patience):
            given.append(patience)
            return super().run(words, environ, patience)

    monkeypatch.setattr(certifying, "Programs", Watched)
    certify(["true"], ["plain", "submit-late"], Way(timeout=60.0))
    assert sorted(given) == [60.0, 125.0]


def test_a_client_that_hangs_after_a_late_reply_is_blamed():
    late = Scenario("late", "the answer takes a moment", "submit: late=0.2")
    found = certify([sys.executable, str(INNER / "hangs.py")], [late], Way(timeout=5.0))
    assert [(one.ended, check.id) for one, check in found.blamed()] == [("timed out", "ends")]


def test_the_revision_is_the_one_whose_path_is_used():
    assert certify([*GOOD, "newest"], ["plain"], FAST).revision == "2026-07"


def test_a_call_with_a_foreign_key_is_known_by_its_door():
    found = certify([*GOOD, "own-key"], ["plain", "failed"], FAST)
    assert [(one.name, check.id) for one, check in found.blamed()] == [
        ("plain", "authenticates"),
        ("failed", "authenticates"),
    ]
    assert found.exit_code() == 1


@pytest.mark.parametrize("client", [["true"], ["sh", "-c", "exit 1"], "false"])
def test_a_client_that_never_calls_is_no_good_one(client):
    found = certify(client, ["plain", "submit-lost"])
    assert [one.ended for one in found.played] == ["never called"] * 2
    assert (found.exit_code(), found.revision, found.called) == (3, "", False)
    assert "MODELLIX_BASE_URL" in found.hint


def told_by_a_client(words, way, told):
    """What a program was given: its arguments and its environment."""
    code = "import json, os, sys; open(sys.argv[1], 'w').write(json.dumps([sys.argv[2:], dict(os.environ)]))"
    certify([sys.executable, "-c", code, str(told), *words], ["plain"], way)
    return json.loads(told.read_text())


def test_where_to_call_stands_in_the_environment_and_in_the_words(monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://proxy.example:8080")
    way = Way(revision="2026-07", base_url_variable="WHERE", api_key_variable="WHO")
    words, environ = told_by_a_client(
        ["--to={base_url}/x", "{api_key}", "{revision}", "{other}"], way, tmp_path / "told"
    )
    assert words == [f"--to={environ['WHERE']}/x", environ["WHO"], "2026-07", "{other}"]
    assert environ["WHERE"].startswith("http://127.0.0.1:")
    assert environ["WHO"].startswith("mock-")
    proxies = {environ[name] for name in ("http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")}
    assert len(proxies) == 1
    assert proxies.pop().startswith("http://127.0.0.1:")
    assert environ["NO_PROXY"] == environ["no_proxy"] == "127.0.0.1,localhost,::1"


def test_what_honours_a_proxy_gets_no_further(need):
    need("curl")
    command = [need("curl"), "--silent", "--show-error", "--max-time", "5", "http://api.example.com/"]
    (one,) = certify(command, ["plain"]).played
    assert one.exit_code not in {0, 28}  # 28 is a timeout: then it has tried
    assert "127.0.0.1" in one.output or "onnect" in one.output


@pytest.mark.parametrize(
    ("client", "told"),
    [
        ([], "no client to certify"),
        ("", "no client to certify"),
        ("a 'b", "can't be read"),
        (["no-such-program-at-all"], "no program 'no-such-program-at-all'"),
    ],
)
def test_a_client_that_is_none_is_refused(client, told):
    with pytest.raises(Problem, match=told):
        certify(client)


def test_a_program_that_can_not_be_run_is_told_before_the_end(monkeypatch, tmp_path):
    program = tmp_path / "broken"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(Problem, match="can't be run"):
        certify([str(program)])


@pytest.mark.parametrize("names", [["plane"], ["plain", "submit-last"]])
def test_a_scenario_that_is_not_known_is_refused(names):
    with pytest.raises(Problem, match="is not known"):
        certify(["true"], names)


def test_no_scenario_is_nothing_found_out():
    found = certify(["true"], [])
    assert (list(found.played), found.exit_code()) == ([], 3)


def test_an_interruption_ends_what_runs(monkeypatch):
    stopped = []

    class Watched(Programs):
        def stop(self):
            stopped.append(len(self._running))
            super().stop()

    def interrupt(done, on):
        if len(on) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(certifying, "Programs", Watched)
    with pytest.raises(KeyboardInterrupt):
        certify(["sleep", "1000"], ["plain", "slow", "failed"], Way(jobs=2), interrupt)
    assert len(stopped) == 1
    assert stopped[0] <= 2


def test_from_python_a_command_is_certified_as_well():
    mine = Scenario("mine", "it is over at once", options=(("timing", (0, 0)),), good="success")
    found = klingmock.certify([*GOOD], [mine], speed=20.0, timeout=60.0)
    assert (found.played[0].name, found.exit_code()) == ("mine", 0)


def test_a_reply_that_nobody_waits_for_ends_without_a_word(capfd):
    (one,) = certify([sys.executable, str(INNER / "leaves.py")], ["submit-late"]).played
    assert (one.exit_code, one.charges) == (0, 1)  # it left at once, and was heard all the same
    assert capfd.readouterr() == ("", "")
