"""klingmock.settings: one table, and where its values come from."""

import json
from pathlib import Path

import pytest

from klingcontracts.problem import Problem
from klingmock.settings import SETTINGS, Setting, settings

SECRET = "sk-live secret"  # a space makes it a bad value

# For each row: two values as texts with what they mean, and texts that mean nothing.
SAMPLES = {
    "revision": [("2026-04", ("2026-04",)), ("2026-07", ("2026-07",))],
    "contract": [("own.json", ("own.json",)), ("a b/c.json", ("a b/c.json",))],
    "host": [("0.0.0.0", "0.0.0.0"), ("::1", "::1")],
    "port": [("0", 0), ("65535", 65535)],
    "public-url": [("https://a.example/x/", "https://a.example/x"), ("http://[::1]:8", "http://[::1]:8")],
    "api-key": [("mine", ("mine",)), ("sk-1", ("sk-1",))],
    "reading": [("a=b", ("a=b",)), ("c=d=e", ("c=d=e",))],
    "timing": [("instant", "instant"), ("realistic", "realistic")],
    "speed": [("60", 60.0), ("0.001", 0.001)],
    "seed": [("7", "7"), ("x y", "x y")],
    "retention": [("0", 0.0), ("1.5", 1.5)],
    "rate-limit": [("1", 1), ("1000", 1000)],
    "concurrency": [("1", 1), ("5", 5)],
    "no-limits": [("true", True), ("YES", True)],
    "balance": [("0", "0"), ("12.5", "12.5")],
    "price": [("pro-10=0.5", ("pro-10=0.5",)), ("std-5=1", ("std-5=1",))],
    "script": [(text, text) for text in ("submit: 429", "task: drop*2; outcome: fail")],
    "max-body": [("1", 1), ("1024", 1024)],
    "control-token": [("abc", "abc"), ("t=1,2", "t=1,2")],
    "journal": [("a.jsonl", "a.jsonl"), ("b c.jsonl", "b c.jsonl")],
    "journal-size": [("1", 1), ("50", 50)],
    "log-level": [("debug", "debug"), ("error", "error")],
}
BAD = {
    "contract": ["", "a\0b.json", "page.txt", "2026-02"],
    "host": ["", "a b", "a\0b", "\x1b"],
    "port": ["", "-1", "65536", "x", "8.0", "00000070000", "٨", " 8", "9" * 5000],
    "public-url": [
        "",
        "example.com",
        "ftp://x",
        "http://",
        'http://x"y',
        "http://x y",
        "http://x\\y",
        "http://é",
    ],
    "api-key": ["", SECRET],
    "reading": ["", "a", "a=", "=b", "="],
    "timing": ["", "Quick", "fast"],
    "speed": ["0", "-1", "nan", "inf", "", "x", "1e13"],
    "retention": ["-0.1", "nan", "inf", "1e400", "x", ""],
    "rate-limit": ["0", "-1", "1.5", "", "9" * 5000],
    "concurrency": ["0", "-1", "x"],
    "no-limits": ["", "on", "2"],
    "balance": ["", "abc", "-1", "1e9", "0.00001"],
    "price": ["", "pro-10", "=1", "pro-10=x", "pro-10=-1"],
    "script": ["429", "submit: drp"],
    "max-body": ["0", "64MB", ""],
    "control-token": ["", SECRET],
    "journal": ["", "a\0b"],
    "journal-size": ["0", "99999999999999999999", ""],
    "log-level": ["", "INFO", "trace"],
}
ROWS = pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
BAD_ONES = [(name, text) for name, texts in BAD.items() for text in texts]


def variable(row: Setting) -> str:
    return "KLINGMOCK_" + row.name.upper().replace("-", "_")


def value(found, row: Setting):
    return getattr(found, row.name.replace("-", "_"))


@pytest.fixture
def write(tmp_path):
    def put(text: str, name: str = "klingmock.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return put


def test_every_row_has_samples():
    assert list(SAMPLES) == [row.name for row in SETTINGS]
    assert set(SAMPLES) - set(BAD) == {"revision", "seed"}  # of these, any text may mean something


def test_without_anything_all_is_default(tmp_path):
    found = settings({}, {}, folder=tmp_path)
    assert found._asdict() == {row.name.replace("-", "_"): row.default for row in SETTINGS}
    assert found.readings == {}


def test_a_contract_is_served_alone_where_no_revision_is_asked_for(tmp_path, write):
    alone = settings({"contract": ["own.json"]}, {}, folder=tmp_path)
    assert (alone.revision, alone.contract) == ((), ("own.json",))
    both = settings({"contract": ["own.json"], "revision": ["2026-02"]}, {}, folder=tmp_path)
    assert (both.revision, both.contract) == (("2026-02",), ("own.json",))
    filed = settings({"contract": ["own.json"]}, {}, folder=write('revision = "2026-02"'))
    assert filed.revision == ("2026-02",)


def test_the_defaults_are_the_documented_ones():
    found = settings({}, {}, folder=Path("nowhere"))
    assert (found.revision, found.host, found.port) == (("2026-02",), "127.0.0.1", 8787)
    assert (found.timing, found.speed, found.seed, found.no_limits) == ("quick", 1.0, None, False)
    assert (found.max_body, found.journal_size, found.log_level) == (64 * 2**20, 1000, "info")


@ROWS
def test_a_default_is_a_value_that_could_be_given(row):
    for default in row.default if row.many else [row.default]:
        assert default is None or row.read(str(default).lower()) == default


@ROWS
def test_each_place_is_read(row, write):
    for text, meant in SAMPLES[row.name]:
        folder = write(f"{row.name} = {text!r}")
        flag = [text] if row.many else text
        assert value(settings({row.name: flag}, {}, folder=folder.parent / "no"), row) == meant
        assert value(settings({}, {variable(row): text}, folder=folder.parent / "no"), row) == meant
        assert value(settings({}, {}, folder=folder), row) == meant


@ROWS
def test_a_flag_beats_the_environment_and_that_the_file(row, write):
    (one, first), (other, second) = SAMPLES[row.name]
    folder = write(f"{row.name} = {other!r}")
    flag = [one] if row.many else one
    assert value(settings({row.name: flag}, {variable(row): other}, folder=folder), row) == first
    assert value(settings({}, {variable(row): one}, folder=folder), row) == first
    assert value(settings({}, {}, folder=folder), row) == second


@ROWS
def test_a_flag_that_was_not_given_says_nothing(row, write):
    (one, first), _ = SAMPLES[row.name]
    for absent in (None, *([] if row.metavar else [False])):
        assert value(settings({row.name: absent}, {variable(row): one}), row) == first


@pytest.mark.parametrize(("name", "text"), BAD_ONES, ids=[f"{name}={text[:12]!a}" for name, text in BAD_ONES])
def test_a_bad_value_is_named_with_the_place_it_came_from(name, text, tmp_path):
    row = next(row for row in SETTINGS if row.name == name)
    # JSON writes a string as TOML does
    (tmp_path / "klingmock.toml").write_text(f"{name} = {json.dumps(text)}", encoding="utf-8")
    places = {
        f"--{name}": lambda: settings({name: [text] if row.many else text}, {}),
        variable(row): lambda: settings({}, {variable(row): text}),
        f"{name} in the configuration file": lambda: settings({}, {}, folder=tmp_path),
    }
    if not text:
        assert settings({}, {variable(row): text}) == settings({}, {})  # an empty variable is as good as none
        del places[variable(row)]
    for place, read in places.items():
        with pytest.raises(Problem) as caught:
            read()
        assert caught.value.fact.startswith(f"{place}: ")
        assert caught.value.remedy
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
        if name in ("api-key", "control-token"):
            assert "secret" not in str(caught.value)
        else:
            assert repr(text) in caught.value.fact


@ROWS
@pytest.mark.parametrize("raw", ["{a = 1}", "[[1]]", "[{}]"])
def test_a_list_or_table_where_a_value_belongs(row, raw, write):
    with pytest.raises(Problem, match=f"{row.name} in the configuration file is a list or a table"):
        settings({}, {}, folder=write(f"{row.name} = {raw}"))


def test_a_list_for_a_row_of_one_value(write):
    with pytest.raises(Problem, match="is a list or a table"):
        settings({}, {}, folder=write("port = [1]"))


@pytest.mark.parametrize("raw", ["['2026-02', '2026-07']", "'2026-02,2026-07'"])
def test_several_values(raw, write):
    assert settings({}, {}, folder=write(f"revision = {raw}")).revision == ("2026-02", "2026-07")


def test_an_empty_list_is_the_default(write):
    found = settings({}, {}, folder=write("revision = []\napi-key = []"))
    assert (found.revision, found.api_key) == (("2026-02",), ())


def test_a_key_may_hold_a_comma_when_it_is_a_flag():
    assert settings({"api-key": ["a,b"]}, {}).api_key == ("a,b",)


def test_values_of_toml_need_no_quotes(write):
    text = "port = 9\nspeed = 2\nno-limits = true\nseed = 5\nretention = 1.5\nreading = ['a=b', 'c=d']"
    found = settings({}, {}, folder=write(text))
    assert (found.port, found.speed, found.no_limits, found.seed, found.retention) == (9, 2.0, True, "5", 1.5)
    assert found.readings == {"a": "b", "c": "d"}


def test_a_switch_can_be_off_in_the_environment(write):
    folder = write("no-limits = true")
    assert settings({}, {"KLINGMOCK_NO_LIMITS": "0"}, folder=folder).no_limits is False


# --- names that are not known ---


@pytest.mark.parametrize(
    ("name", "near"), [("KLINGMOCK_PROT", "KLINGMOCK_PORT"), ("KLINGMOCK_APIKEY", "KLINGMOCK_API_KEY")]
)
def test_an_unknown_variable_is_named_with_the_nearest(name, near):
    with pytest.raises(Problem) as caught:
        settings({}, {name: SECRET})
    assert caught.value.fact == f"Environment variable {name} is not known. Nearest: {near}."
    assert "secret" not in str(caught.value)


def test_a_list_in_a_variable_may_have_spaces():
    found = settings({}, {"KLINGMOCK_REVISION": "2026-02, 2026-04"})
    assert found.revision == ("2026-02", "2026-04")


@pytest.mark.parametrize(
    "name",
    ["KLINGMOCK_URL", "KLINGMOCK_SERVICE_HOST", "KLINGMOCK_", "KLINGMOCKERY", "klingmock_port", "PORT"],
)
def test_other_variables_are_no_business_of_ours(name):
    assert settings({}, {name: "x"}).port == 8787


@pytest.mark.parametrize(
    ("key", "hint"), [("prot", " Nearest: port."), ("api_key", " Nearest: api-key."), ("zzz", "")]
)
def test_an_unknown_key_is_named_with_file_and_nearest(key, hint, write):
    with pytest.raises(Problem) as caught:
        settings({}, {}, folder=write(f"{key} = '{SECRET}'"))
    assert caught.value.fact.endswith(f"klingmock.toml has {key!r}, which is no setting.{hint}")
    assert "secret" not in str(caught.value)


# --- files ---


def test_klingmock_toml_comes_before_pyproject(write):
    write("[tool.klingmock]\nport = 1\nseed = 'p'", "pyproject.toml")
    assert settings({}, {}, folder=write("port = 2")).port == 2
    assert settings({}, {}, folder=write("port = 2")).seed is None  # one file, not two


def test_an_empty_klingmock_toml_leaves_the_word_to_pyproject(write):
    write("[tool.klingmock]\nport = 1", "pyproject.toml")
    assert settings({}, {}, folder=write("# nothing")).port == 1


@pytest.mark.parametrize(
    "text", ["", "[project]\nname = 'x'", "[tool.other]\nport = 1", "tool = 3", "port = 1", "this is no TOML"]
)
def test_a_pyproject_of_others_is_left_alone(text, write):
    assert settings({}, {}, folder=write(text, "pyproject.toml")).port == 8787


def test_the_table_has_its_name_in_klingmock_toml_too(write):
    assert settings({}, {}, folder=write("[tool.klingmock]\nport = 3")).port == 3


@pytest.mark.parametrize("name", ["klingmock.toml", "pyproject.toml"])
def test_a_table_that_is_none(name, write):
    with pytest.raises(Problem, match="is not a table"):
        settings({}, {}, folder=write("[tool]\nklingmock = 3", name))


def test_config_names_the_file(write):
    folder = write("port = 4", "other.toml")
    write("port = 5")
    path = str(folder / "other.toml")
    assert settings({}, {}, path, folder).port == 4
    assert settings({}, {"KLINGMOCK_CONFIG": path}, folder=folder).port == 4
    assert settings({}, {"KLINGMOCK_CONFIG": "missing"}, path, folder).port == 4


def test_config_may_be_a_pyproject(write):
    folder = write("[tool.klingmock]\nport = 6", "pyproject.toml")
    assert settings({}, {}, str(folder / "pyproject.toml")).port == 6


@pytest.mark.parametrize("place", [lambda path: ({}, path), lambda path: ({"KLINGMOCK_CONFIG": path}, None)])
@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, place, name):
    environment, config = place(str(tmp_path / name))
    with pytest.raises(Problem, match="can't be read"):
        settings({}, environment, config)


@pytest.mark.parametrize("raw", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2", b"api-key = sk-live-secret"])
@pytest.mark.parametrize("name", ["klingmock.toml", "pyproject.toml"])
def test_a_file_that_is_no_toml_is_named(tmp_path, raw, name):
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(Problem) as caught:
        settings({}, {}, str(path))
    assert str(path) in caught.value.fact
    assert "is not TOML" in caught.value.fact
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_broken_klingmock_toml_is_not_passed_over(write):
    with pytest.raises(Problem, match="is not TOML"):
        settings({}, {}, folder=write("port = "))


def test_the_folder_is_where_the_command_runs(write, monkeypatch):
    monkeypatch.chdir(write("port = 7"))
    assert settings({}, {}).port == 7
