"""The map of rooms: what each module may import of ours, and which foreign library it may hold."""

import ast
import copy
import re
import sys
from pathlib import Path

import pytest

from klingmock.cli import COMMANDS

ROOT = Path(__file__).parent.parent
SOURCES = {"klingcontracts": ROOT / "contracts", "klingmock": ROOT / "mockserver"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60

# Of ours, by the last part of the name: modules of both packages have different names.
MAY_IMPORT = {
    "klingcontracts": "",
    "problem": "",
    "rule": "",
    "strictjson": "",
    "table": "",
    "document": "problem strictjson",
    "wire": "rule",
    "derive": "problem rule words",
    "shape": "derive rule",
    "words": "rule",
    "exchange": "strictjson",
    "finding": "exchange rule",
    "contract": "derive document problem rule shape wire",
    "check": "contract exchange finding rule shape strictjson words",
    "show": "contract document problem readings rule table",
    "readings": "contract problem",
    "drift": "finding problem rule",
    "plain": "",
    "drift_text": "drift plain rule table",
    "drift_junit": "drift drift_text plain rule",
    "drift_sarif": "drift drift_text plain rule",
    "drift_markdown": "drift drift_text plain rule",
    "drift_github": "drift drift_text plain rule",
    "drift_forms": "drift drift_github drift_junit drift_markdown drift_sarif drift_text plain rule",
    "waivers": "drift finding plain problem rule",
    "report": "check contract exchange finding problem rule table words",
    "exercised": "check contract derive exchange finding shape strictjson",
    "values": "problem shape",
    "bodies": "contract problem shape values",
    "breaks": "bodies contract derive rule shape values",
    "raw": "",
    "base": "contract problem",
    "respx_calls": "base exchange",
    "respx_router": "base contract respx_calls",
    "for_respx": "base contract document exchange report respx_calls respx_router rule",
    "histories": "check contract exchange problem rule values",
    "target": "exchange problem",
    "machine": "bodies breaks check contract document exchange report rule target",
    "strategies": "bodies breaks contract document exchange histories machine problem raw rule",
    "any_reading": "contract derive document rule shape strictjson",
    "seen": "",
    "schemathesis_guard": "any_reading breaks check contract problem strategies",
    "schemathesis_run": "contract schemathesis_guard seen",
    "schemathesis_checks": "check contract exchange finding report schemathesis_run seen strictjson words",
    "for_schemathesis": "check contract document exchange problem schemathesis_checks schemathesis_run",
    "conduct": "check contract exchange finding strictjson words",
    "client_calls": "conduct rule words",
    "client_results": "client_calls conduct",
    "verdict": "client_calls client_results conduct contract exchange finding problem rule table",
    "recorded": "contract exchange finding problem strictjson",
    "compare": "compare_calls compare_numbers compare_prose compare_told contract document finding rule",
    "compare_calls": (
        "compare_shapes compare_told contract derive document finding page_draft page_parts rule shape"
    ),
    "compare_levels": "derive rule",
    "compare_numbers": "compare_told contract finding rule words",
    "compare_prose": "compare_shapes compare_told contract finding page_parts page_prose rule shape",
    "compare_shapes": "compare_levels compare_told derive finding rule shape words",
    "compare_told": "finding rule",
    "curl": "exchange strictjson",
    "taken": "exchange",
    "traffic_har": "exchange taken",
    "traffic_vcr": "exchange taken",
    "traffic_lines": "exchange recorded taken",
    "traffic_files": "page_scalars page_yaml strictjson taken traffic_har traffic_lines traffic_vcr",
    "traffic_secrets": "drift exchange strictjson",
    "traffic_judge": "check contract curl drift exchange finding rule strictjson taken traffic_secrets words",
    "traffic": (
        "check contract document drift finding plain rule taken traffic_files traffic_judge traffic_secrets"
    ),
    "page_body": "derive page_fields page_nodes page_parts page_prose rule",
    "page_draft": (
        "contract document page_body page_fields page_nodes page_openapi page_parts page_schema problem shape"
    ),
    "page_fields": "page_parts page_values shape strictjson",
    "page_findings": (
        "compare compare_prose compare_told contract finding page_draft page_parts page_prose rule "
        "shape words"
    ),
    "page_nodes": "derive page_fields page_values rule shape",
    "page_openapi": "page_parts page_schema page_text",
    "page_parts": "problem",
    "page_prose": "page_parts",
    "page_scalars": "strictjson",
    "page_schema": "derive page_fields page_parts page_values strictjson",
    "page_text": "page_fields page_parts page_values strictjson",
    "page_values": "shape strictjson",
    "page_yaml": "page_scalars strictjson",
    "pages": "page_draft page_findings page_openapi page_parts page_scalars page_text page_yaml strictjson",
    "probe": "check contract exchange rule",
    "probe_bodies": "contract document probe_values problem rule shape",
    "probe_canary": (
        "contract drift probe probe_ask probe_follow probe_free probe_guard probe_guarded probe_judge"
    ),
    "probe_follow": (
        "check contract drift exchange probe probe_ask probe_free probe_guard probe_guarded probe_judge "
        "rule strictjson words"
    ),
    "probe_free": "contract exchange probe probe_bodies probe_guarded",
    "probe_guard": "exchange probe probe_free probe_guarded probe_pace",
    "probe_guarded": "derive exchange probe probe_bodies probe_reading rule strictjson",
    "probe_jobs": "contract probe probe_bodies probe_values",
    "probe_judge": (
        "check contract drift exchange finding probe probe_free probe_guarded probe_reading rule strictjson"
    ),
    "probe_money": (
        "contract drift exchange probe probe_follow probe_guard probe_jobs probe_judge rule strictjson words"
    ),
    "probe_pace": "exchange",
    "probe_page": "contract drift page_findings page_parts rule",
    "probe_plan": (
        "contract drift probe probe_bodies probe_free probe_guarded probe_jobs probe_reading strictjson table"
    ),
    "probe_reading": "any_reading contract document probe probe_bodies",
    "probe_rest": (
        "check contract drift exchange probe probe_follow probe_guard probe_jobs probe_judge rule words"
    ),
    "probe_run": (
        "drift probe probe_ask probe_canary probe_first probe_follow probe_guard probe_jobs probe_judge "
        "probe_money probe_pace probe_plan probe_points probe_rest strictjson"
    ),
    "probe_ask": "drift exchange probe probe_bodies probe_guard probe_guarded probe_judge probe_reading rule",
    "probe_first": "contract document drift probe probe_ask probe_follow probe_free probe_guard probe_judge",
    "probe_points": (
        "drift probe probe_ask probe_bodies probe_guard probe_guarded probe_judge probe_plan probe_reading"
    ),
    "probe_values": "shape",
    "klingmock": "",
    "clock": "",
    "patience": "",
    "keys": "check",
    "ledger": "problem",
    "limits": "",
    "task": "contract",
    "store": "task",
    "media": "exchange",
    "replies": "contract ledger problem task",
    "damage": "exchange replies",
    "fate": "task",
    "faults": "damage fate problem words",
    "grammar": "faults problem words",
    "script": "faults grammar",
    "scripts": "exchange script",
    "videos": "check exchange media refusal served store task",
    "refusal": "check contract faults finding problem replies",
    "scripted": "contract damage exchange fate faults grammar problem refusal replies scripts task",
    "served": "contract ledger limits replies task",
    "routes": "contract document problem served",
    "journal": "exchange finding problem refusal",
    "loglines": "journal",
    "answer": (
        "check clock contract damage exchange faults finding journal keys ledger limits problem refusal "
        "routes script scripted scripts served store task videos"
    ),
    "asked": "problem strictjson",
    "gate": "problem",
    "control": "accepted answer asked check contract gate problem",
    "keyed": "answer exchange journal problem recipe served steered",
    "looks": "accepted asked conduct double_charge journal ledger problem script steered verdict",
    "moves": "asked looks problem steered",
    "app": "answer control exchange gate loglines patience replies",
    "settings": "answer document grammar journal ledger problem task",
    "banner": "answer control gate keys klingmock ledger served settings task",
    "server": (
        "answer app banner contract gate journal keyed keys loglines out problem readings recipe "
        "scripts served settings task"
    ),
    "out": "problem",
    "parser": "problem",
    "cli": "klingmock out parser problem",
    "cli_contract": "document out show",
    "report_files": "problem",
    "cli_report": "drift drift_forms out problem report_files rule waivers",
    "cli_diff": "cli_report compare drift readings",
    "cli_import": (
        "contract document out page_draft page_findings page_parts page_prose page_source problem"
    ),
    "cli_drift": "parser",
    "drift_traffic": "cli_report contract document traffic traffic_files",
    "cli_serve": "settings",
    "drift_docs": ("cli_report contract document drift fetched page_findings page_source problem readings"),
    "fetched": "klingmock page_parts problem",
    "page_source": "fetched page_parts pages problem",
    "cli_verdict": "contract document out problem recorded rule verdict",
    "__main__": "cli",
    "live_flags": "pages probe probe_canary problem",
    "live_http": "exchange probe_guard",
    "drift_live": (
        "cli_report contract document live_flags live_http out pages probe_ask probe_canary probe_follow "
        "probe_guard probe_guarded probe_pace probe_page probe_plan probe_reading probe_rest probe_run "
        "problem report_files"
    ),
    "options": "contract document grammar ledger problem served task",
    "worlds": "answer check exchange problem served",
    "background": "answer app control problem server",
    "recipe": "clock contract document problem served",
    "steered": ("accepted answer clock contract exchange journal keys problem recipe script scripts served"),
    "handle": (
        "check clock conduct contract double_charge exchange guard journal loglines options problem "
        "recipe report rule scenario steered target verdict virtual"
    ),
    "virtual": "clock problem",
    "accepted": "ledger problem store task",
    "double_charge": "accepted conduct journal loglines",
    "guard": "contract",
    "kit": "answer background contract handle journal options worlds",
    "html_parts": "",
    "timeline": "",
    "marks": "certificate exchange journal strictjson words",
    "picture": "certificate marks timeline",
    "swimlane": "certificate html_parts marks picture timeline",
    "scenario_html": "certificate exchange html_parts marks swimlane verdict",
    "certificate_html": "certificate certificate_text html_parts scenario_html swimlane verdict",
    "tally": "contract exercised journal problem table",
    "for_pytest": "",
    "scenario": "problem recipe",
    "cli_scenarios": "out scenario table",
    "printed": "exchange",
    "program": "printed problem",
    "doors": "answer exchange served",
    "judging": "certificate conduct contract exchange journal scenario script verdict",
    "stage": "certificate contract document judging problem recipe scenario served steered",
    "certifying": (
        "answer background certificate doors grammar journal printed problem program scenario stage steered"
    ),
    "rehearsing": "certificate handle kit printed scenario stage virtual",
    "certificate_text": "certificate table verdict",
    "certificate_junit": "certificate rule verdict",
    "certificate_markdown": "certificate certificate_text",
    "cli_certify": (
        "certificate certificate_junit certificate_markdown certificate_text certifying cli_scenarios "
        "document out problem program report_files rule stage table"
    ),
    "certificate": "accepted journal ledger problem rule script verdict",
}
MAY_HOLD = {
    "jsonschema_rs": {"document", "shape"},
    "starlette": {"app", "control", "server"},
    "uvicorn": {"server"},
    "hypothesis": {"bodies", "breaks", "histories", "machine", "raw", "strategies", "values"}
    | {"for_schemathesis", "schemathesis_guard"},
    "httpcore": {"respx_calls"},
    "httpx": {"for_respx", "respx_calls", "respx_router"},
    "pytest": {"for_pytest"},
    "respx": {"for_respx", "respx_router"},
    "schemathesis": {"for_schemathesis", "schemathesis_checks", "schemathesis_guard", "schemathesis_run"},
}
# cli loads a subcommand's module when it runs (by a name that is put together, see below), so that
# `contract list` does not pay for a server, and `serve` loads its modules while nothing is collected;
# for_pytest loads everything when a fixture asks, because every pytest run imports it; and who imports the
# package asks for its version, or for a world to run.
LAZY = {
    "cli_serve": {"klingmock.server"},
    "for_pytest": {"klingmock.kit", "klingmock.tally", "klingmock.guard", "klingcontracts.for_respx"}
    | {"klingcontracts.problem"},
    "klingmock": {"klingmock.kit", "klingmock.scenario", "klingmock.stage"},
    "cli_certify": {"klingmock.certificate_html"},
    "control": {"klingmock.looks", "klingmock.moves"},
    "recipe": {"klingmock.options"},
    "respx_router": {"httpcore2"},
}
# Tests of more than one module.
WITHOUT_MODULE = {"browser", "ci", "foreign_clients", "good_clients", "twin", "twin_drift"}
WITHOUT_MODULE |= {"conformance", "hostile", "layout", "revisions", "rules"}

MODULES = sorted(path for source in SOURCES.values() for path in source.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.parent.name if path.name == "__init__.py" else path.stem


class Unless(ast.NodeTransformer):
    """Takes out what only a type checker reads: it is never imported."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if ast.unparse(node.test) == "TYPE_CHECKING" else node


def imports(tree: ast.AST) -> set[str]:
    tree = Unless().visit(copy.deepcopy(tree))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = str(node.module)
            # `from klingmock import media` is an import of the module klingmock.media
            named = {f"{module}.{alias.name}" for alias in node.names} if module in SOURCES else {module}
            found |= {name if known(name) else module for name in named}
    return found


def known(name: str) -> bool:
    package, _, module = name.partition(".")
    return package not in SOURCES or (SOURCES[package] / package / f"{module}.py").exists()


def lazy(tree: ast.AST) -> set[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value)
        for call in calls
        if ast.unparse(call.func).endswith("import_module") and isinstance(call.args[0], ast.Constant)
    }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_what_the_map_says(path: Path) -> None:
    tree, name = ast.parse(path.read_text()), name_of(path)
    ours = {found for found in imports(tree) if found.partition(".")[0] in SOURCES}
    assert {found.rpartition(".")[2] for found in ours} == set(MAY_IMPORT[name].split())
    foreign = {found.partition(".")[0] for found in imports(tree)} - set(SOURCES) - sys.stdlib_module_names
    assert all(name in MAY_HOLD.get(library, set()) for library in foreign), foreign
    assert lazy(tree) == LAZY.get(name, set())


def test_each_command_has_its_module_and_each_module_its_command() -> None:
    modules = {name for name in map(name_of, MODULES) if name.startswith("cli_")}
    modules -= {"cli_report"}  # what several commands have in common
    assert modules == {f"cli_{name}" for name in COMMANDS}


def test_contracts_never_import_the_fake() -> None:
    for path in SOURCES["klingcontracts"].rglob("*.py"):
        assert not any(found.startswith("klingmock") for found in imports(ast.parse(path.read_text())))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_stand_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text())
    inner = [
        node
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert inner == []


def test_the_map_has_a_line_for_each_module_and_no_other() -> None:
    assert {name_of(path) for path in MODULES} == set(MAY_IMPORT)
    held = {library for path in MODULES for library in imports(ast.parse(path.read_text()))}
    assert {library.partition(".")[0] for library in held} >= set(MAY_HOLD)


def test_imports_point_one_way() -> None:
    seen: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a circle: {' -> '.join((*above, name))}"
        if name not in seen:
            for inner in MAY_IMPORT[name].split():
                visit(inner, (*above, name))
            seen.append(name)

    for name in MAY_IMPORT:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_rooms_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_have_docstrings(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in tree.body:
        if isinstance(node, kinds) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_each_module_has_its_test_and_each_test_its_module() -> None:
    modules = {name_of(path) for path in MODULES if path.name not in {"__init__.py", "__main__.py"}}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    assert modules - tests == set()
    others = tests - modules - WITHOUT_MODULE
    stray = {test for test in others if not any(test.startswith(f"{module}_") for module in modules)}
    assert stray == set()


def test_contributing_has_a_place_for_each_module() -> None:
    named = set(re.findall(r"`(\w+)`", (ROOT / "CONTRIBUTING.md").read_text()))
    families = {"cli", "drift"}  # told of as one: a module for each command, and for each action
    modules = {name_of(path) for path in MODULES} - named - set(SOURCES) - {"__main__"}
    assert {name for name in modules if name.partition("_")[0] not in families} == set()


def test_no_one_leans_on_a_neighbours_privates() -> None:
    for path in MODULES:
        for name in imports(ast.parse(path.read_text())):
            assert not any(part.startswith("_") or part == "internal" for part in name.split(".")), (
                path,
                name,
            )
