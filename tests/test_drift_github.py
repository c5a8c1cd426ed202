"""klingcontracts.drift_github: workflow commands that nothing in a finding can end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from klingcontracts.drift import Found, Report
from klingcontracts.drift_github import as_github, command
from klingcontracts.rule import Level


def read(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command, as GitHub's runner reads it."""
    assert line.startswith("::")
    head, _, message = line[2:].partition("::")
    name, _, properties = head.partition(" ")
    pairs = [part.partition("=") for part in properties.split(",")]
    told = {key: _plain(value.replace("%3A", ":").replace("%2C", ",")) for key, _, value in pairs}
    return name, told, _plain(message)


def _plain(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def test_each_finding_is_an_annotation_and_the_worst_comes_first(finding):
    found = [
        Found(finding(Level.INFO)),
        Found(finding(Level.WARNING)),
        Found(finding(), {"file": "a,b:c", "line": 3}),
    ]
    *told, last = map(read, as_github(Report("drift live", "2026-02", "http://x", found)).split("\n"))
    assert [name for name, _, _ in told] == ["error", "warning", "notice"]
    assert told[0][1:] == (
        {"title": "submit.body.mode.enum", "file": "a,b:c", "line": "3"},
        "/mode 'pro'; documented: mode is 'std'\nwhere: a,b:c, line 3",
    )
    assert last[:2] == ("notice", {"title": "drift live"})
    assert last[2].startswith("http://x held against 2026-02: drift; 1 error; ")


def test_what_could_not_be_looked_at_is_an_error():
    first, _ = map(read, as_github(Report("diff", "a", "b", incomplete="no key")).split("\n"))
    assert first == ("error", {"title": "diff"}, "could not look: no key")


TEXTS = st.text(st.sampled_from(list("a%:,=\r\n0AD253C")))


@given(st.dictionaries(st.sampled_from(["title", "file", "line"]), TEXTS, min_size=1), TEXTS)
def test_a_command_is_read_back_as_it_was_meant(properties, message):
    line = command("error", properties, message)
    assert "\n" not in line
    assert "\r" not in line
    assert read(line) == ("error", properties, message)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_hostile_texts_make_no_command_of_their_own(hostile_reports, data):
    report = data.draw(hostile_reports)
    lines = as_github(report).split("\n")
    assert len(lines) == len(report.found) + bool(report.incomplete) + 1
    for line in lines:
        name, properties, message = read(line)
        assert name in {"error", "warning", "notice"}
        assert "title" in properties
        assert message
