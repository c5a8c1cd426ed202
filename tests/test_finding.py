import json

from klingcontracts.finding import Finding
from klingcontracts.rule import Level, Provenance, Rule


def finding(level: Level = Level.ERROR, pointer: str = "/mode", seen: str = "'fast'") -> Finding:
    rule = Rule(
        "submit.body.mode.enum", "submit", "mode is 'std'", level, Provenance("documented", ("S0", "K1"))
    )
    return Finding(rule, "submit", pointer, seen, rule.says, {})


def test_its_level_is_the_rules() -> None:
    assert finding(Level.WARNING).level is Level.WARNING


def test_it_is_the_same_finding_whatever_was_seen_and_another_one_elsewhere() -> None:
    assert finding().fingerprint == "submit.body.mode.enum@submit/mode"
    assert finding(seen="'x'").fingerprint == finding().fingerprint
    assert finding(pointer="/other").fingerprint != finding().fingerprint
    assert finding()._replace(operation="task").fingerprint != finding().fingerprint


def test_as_json() -> None:
    told = finding().to_json()
    assert json.loads(json.dumps(told)) == {
        "rule": "submit.body.mode.enum",
        "level": "error",
        "operation": "submit",
        "pointer": "/mode",
        "seen": "'fast'",
        "documented": "mode is 'std'",
        "sources": ["S0", "K1"],
        "fingerprint": "submit.body.mode.enum@submit/mode",
    }
