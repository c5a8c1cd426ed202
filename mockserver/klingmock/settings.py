"""What `serve` can be told: one table, read from flags, environment, a file and defaults, in that order."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from klingcontracts.document import DEFAULT, is_file
from klingcontracts.problem import Problem, nearest
from klingmock.answer import MAX_BODY
from klingmock.grammar import parse
from klingmock.journal import SIZE
from klingmock.ledger import price, units
from klingmock.task import TIMINGS

_ORIGIN = re.compile(r"https?://[A-Za-z0-9._~%\[\]:/-]{1,500}")
SLIP = 0.75  # how like a known name an unknown one must be to be a slip of the pen
LEVELS = ("debug", "info", "warning", "error")


def _number(text: str, least: float, kind: type[int] | type[float], most: float = 10**12) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = kind(-1)
    if not least <= value <= most:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{what} from {least:g} to {most:g}")
    return value


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise ValueError("a port from 0 to 65535, 0 for any free one")
    return int(text)


def _count(text: str) -> int:
    return int(_number(text, 1, int))


def _few(text: str) -> int:
    return int(_number(text, 1, int, 10**6))


def _seconds(text: str) -> float:
    return float(_number(text, 0, float))


def _speed(text: str) -> float:
    return float(_number(text, 0.001, float))


def _money(text: str) -> str:
    try:
        units(text)
    except Problem as problem:
        raise ValueError("an amount in US dollars, as in 12.5000") from problem
    return text


def _price(text: str) -> str:
    price(text)
    return text


def _word(text: str) -> str:
    if not text or not text.isprintable() or " " in text:
        raise ValueError("a word without spaces")
    return text


def _path(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("the name of a file")
    return text


def _document(text: str) -> str:
    if not is_file(_path(text)):
        raise ValueError("the name of a .json file, as klingmock import writes it")
    return text


def _script(text: str) -> str:
    parse(text)
    return text


def _level(text: str) -> str:
    return _one_of(text, LEVELS)


def _timing(text: str) -> str:
    return _one_of(text, tuple(TIMINGS))


def _one_of(text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise ValueError(f"one of {', '.join(known)}")
    return text


def _reading(text: str) -> str:
    question, equals, reading = text.partition("=")
    if not (question and equals and reading):
        raise ValueError("QUESTION=READING, as in image-required=either")
    return text


def _origin(text: str) -> str:
    if not _ORIGIN.fullmatch(text):
        raise ValueError("a URL of the form http://HOST or https://HOST, with a port or a path if need be")
    return text.rstrip("/")


def _yes(text: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in known:
        raise ValueError("true or false")
    return known[text.lower()]


class Setting(NamedTuple):
    """One row: its name is the flag, the key in a file and, in capitals, the KLINGMOCK_ variable."""

    name: str
    read: Callable[[str], Any]
    metavar: str  # "" for a switch
    help: str
    default: Any = None
    many: bool = False


SETTINGS = (
    Setting("revision", str, "REV", "revision to serve; several are served side by side", (DEFAULT,), True),
    Setting(
        "contract", _document, "FILE", "a contract of your own to serve in place of a revision", (), True
    ),
    Setting("host", _word, "HOST", "address to listen on", "127.0.0.1"),
    Setting("port", _port, "PORT", "port to listen on, 0 for any free one", 8787),
    Setting("public-url", _origin, "URL", "where links in replies point (default: the Host a request names)"),
    Setting("api-key", _word, "KEY", "a key to take, on top of all that begin with mock-", (), True),
    Setting("reading", _reading, "Q=R", "how to read an open question of the contract", (), True),
    Setting("timing", _timing, "KIND", "how long tasks take: quick, realistic or instant", "quick"),
    Setting("speed", _speed, "X", "run the timing X times as fast", 1.0),
    Setting("seed", str, "TEXT", "where chance begins: task ids and realistic times (default: a new one)"),
    Setting("retention", _seconds, "SECONDS", "how long results are kept (default: as documented)"),
    Setting("rate-limit", _count, "N", "requests a minute for each key (default: as documented)"),
    Setting("concurrency", _count, "N", "running tasks for each key (default: as documented)"),
    Setting("no-limits", _yes, "", "switch both limits off", False),
    Setting(
        "balance", _money, "DOLLARS", "what each key has, 402 from 2026-04 on (default: 1000.0000, synthetic)"
    ),
    Setting("price", _price, "JOB=DOLLARS", "what a job costs, as in pro-10=0.5", (), True),
    Setting("script", _script, "TEXT", "faults that each key begins with, as in 'submit: 429; task: drop'"),
    Setting("max-body", _count, "BYTES", "largest request body", MAX_BODY),
    Setting("control-token", _word, "TOKEN", "what calls below /__klingmock have to bring, from any machine"),
    Setting("journal", _path, "FILE", "append every exchange to this file, as JSON lines"),
    Setting("journal-size", _few, "N", "how many exchanges of each key are kept in memory", SIZE),
    Setting("log-level", _level, "LEVEL", "debug, info (a line for each request), warning or error", "info"),
)
SECRET = ("api-key", "control-token")
_BY_NAME = {setting.name: setting for setting in SETTINGS}


class Settings(NamedTuple):
    """The settings in force; the table above says what each means."""

    revision: tuple[str, ...]
    contract: tuple[str, ...]
    host: str
    port: int
    public_url: str | None
    api_key: tuple[str, ...]
    reading: tuple[str, ...]
    timing: str
    speed: float
    seed: str | None
    retention: float | None
    rate_limit: int | None
    concurrency: int | None
    no_limits: bool
    balance: str | None
    price: tuple[str, ...]
    script: str | None
    max_body: int
    control_token: str | None
    journal: str | None
    journal_size: int
    log_level: str

    @property
    def readings(self) -> dict[str, str]:
        """The chosen readings, question to reading."""
        return {question: reading for question, _, reading in (pair.partition("=") for pair in self.reading)}


def settings(
    flags: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    config: str | None = None,
    folder: Path | None = None,
) -> Settings:
    """Put the settings together: flags, then KLINGMOCK_* variables, then the file, then the defaults.

    `flags` maps names to texts (or lists of them). Without `config`, klingmock.toml or the table
    [tool.klingmock] of pyproject.toml in `folder` is read when it is there. Raises Problem.
    """
    from_file = _file(config or environment.get("KLINGMOCK_CONFIG"), folder or Path())
    _check_environment(environment)
    values: dict[str, Any] = {}
    unasked = set()
    for setting in SETTINGS:
        variable = "KLINGMOCK_" + setting.name.upper().replace("-", "_")
        flag = flags.get(setting.name)
        if flag is not None and flag is not False:
            value = _read(setting, flag, f"--{setting.name}")
        elif environment.get(variable):
            value = _read(setting, environment[variable], variable)
        elif setting.name in from_file:
            value = _read(setting, from_file[setting.name], f"{setting.name} in the configuration file")
        else:
            value = setting.default
            unasked.add(setting.name)
        values[setting.name.replace("-", "_")] = value
    if values["contract"] and "revision" in unasked:
        values["revision"] = ()  # the contract is served alone
    return Settings(**values)


def _check_environment(environment: Mapping[str, str]) -> None:
    # Others set variables with our prefix too, a cluster for its services: only a slip of the pen is told.
    known = [name.replace("-", "_").upper() for name in (*_BY_NAME, "config")]
    for variable in environment:
        name = variable.removeprefix("KLINGMOCK_")
        if name != variable and name not in known and (near := nearest(name, known, SLIP)):
            fact = f"Environment variable {variable} is not known. Nearest: KLINGMOCK_{near}."
            raise Problem(fact, "Unset or rename it.")


def _read(setting: Setting, raw: Any, place: str) -> Any:
    if setting.many:
        parts = [part.strip() for part in raw.split(",")] if isinstance(raw, str) else raw
        texts = parts if isinstance(parts, list) else [parts]
        return tuple(_one(setting, text, place) for text in texts) or setting.default
    return _one(setting, raw, place)


def _one(setting: Setting, raw: Any, place: str) -> Any:
    if isinstance(raw, (dict, list)):
        raise Problem(f"{place} is a list or a table.", "Give a single value.")
    text = str(raw).lower() if isinstance(raw, bool) else str(raw)
    try:
        return setting.read(text)
    except Problem as problem:
        raise Problem(f"{place}: {text!r}: {problem.fact}", problem.remedy) from problem
    except ValueError as error:
        shown = "the value given" if setting.name in SECRET else repr(text)
        raise Problem(f"{place}: {shown} is not {error}.", "Give one that is.") from error


def _file(config: str | None, folder: Path) -> Mapping[str, Any]:
    if config:
        return _table(Path(config), required=True)
    for name in ("klingmock.toml", "pyproject.toml"):
        if (folder / name).is_file() and (found := _table(folder / name, required=False)):
            return found
    return {}


def _table(path: Path, *, required: bool) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"{path} can't be read: {error.strerror}.", "Name a file that is there.") from error
    except ValueError as error:
        if not required and path.name == "pyproject.toml":
            return {}  # another tool's file, and another tool's trouble
        raise Problem(f"{path} is not TOML: {error}.", "Mend it, or name another with --config.") from error
    tools = document.get("tool", {})
    table = tools.get("klingmock") if isinstance(tools, dict) else None
    if table is None:
        table = {} if path.name == "pyproject.toml" else document
    if not isinstance(table, dict):
        raise Problem(
            f"tool.klingmock in {path} is not a table.", "Write [tool.klingmock] and keys below it."
        )
    for name in table:
        if name not in _BY_NAME:
            near = nearest(name, _BY_NAME)
            hint = f" Nearest: {near}." if near else ""
            raise Problem(f"{path} has {name!r}, which is no setting.{hint}", "See: klingmock serve --help")
    return dict(table)


# A row without its field, or a field without its row, is a mistake of ours: said at import.
assert {s.name.replace("-", "_") for s in SETTINGS} == set(Settings._fields)  # noqa: S101
