from klingcontracts.compare_told import merged, stated, told
from klingcontracts.contract import load
from klingcontracts.rule import ASSUMED, Level, Provenance

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


def test_a_finding_of_a_rule_has_a_level_of_its_own() -> None:
    rule = load().rules["submit.body.image.required"]
    assert told(rule, WARNING, "a", "b").level is WARNING
    assert rule.level is ERROR
    assert told(rule, INFO, "a", "b").operation == "submit"
    assert told(rule, INFO, "a", "b", "", "task").operation == "task"


def test_a_finding_of_no_rule() -> None:
    finding = stated("route.server", "where calls go", INFO, "a", "b", "/x/y")
    assert (finding.level, finding.rule.field, finding.operation) == (INFO, "x.y", "submit")
    assert (finding.documented, finding.seen, finding.rule.provenance) == ("a", "b", ASSUMED)
    origin = Provenance("documented", ("K1",))
    assert stated("x", "x", INFO, "a", "b", origin=origin).to_json()["sources"] == ["K1"]


def test_what_is_the_same_of_many_is_told_once() -> None:
    one = stated("x", "x", INFO, "a", "b")
    assert list(merged([one, one])) == [one]
    other = one._replace(operation="task")
    assert [finding.operation for finding in merged([one, other])] == ["*"]
    assert len(list(merged([one, one._replace(seen="c"), one._replace(pointer="/400")]))) == 3
