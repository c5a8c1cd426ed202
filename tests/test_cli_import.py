"""klingmock import: a page becomes a contract, and the fake, the checks and the strategies follow it."""

import io
import json
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from klingcontracts.check import check_reply
from klingcontracts.contract import load
from klingcontracts.exchange import Call
from klingcontracts.strategies import bodies, broken_bodies

PAGES = sorted((Path(__file__).parent.parent / "fixtures" / "pages").iterdir())
MORPH = str(next(path for path in PAGES if path.stem == "morph-1.5-i2v"))
EACH = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}


@pytest.fixture
def imported(run):
    """Import a page as own.json; what was said."""

    def make(page, *words, out="own.json"):
        code, said, err = run("import", str(page), "--revision", "own", "--out", out, *words)
        assert (code, err) == (0, "")
        return said

    return make


@EACH
def test_what_was_read_and_what_a_person_must_look_at_is_said(imported, path):
    lines = imported(path).splitlines()
    contract = load("own.json")
    submit = contract.operation("submit")
    assert contract.revision == "own"
    assert lines[0].startswith(f"read {path} (")
    assert lines[0].endswith(f"{submit.method} https://api.example.com{submit.path}")
    assert lines[-1] == "wrote own.json; serve it with: klingmock serve --contract own.json"
    assert any(line.startswith("from 2026-02: the task query") for line in lines)
    assert "  x-price: the page states no price; a job costs 0.0000" in lines


def test_what_no_rule_says_is_named(imported):
    said = imported(next(path for path in PAGES if path.suffix == ".md"))
    assert (
        "  tempo: stands in prose alone, and no rule is made of it: says: it must not exceed frames" in said
    )
    assert "  path_control: is named by the page, and not listed; any value is accepted" in imported(
        MORPH, "--force"
    )


def test_a_page_of_our_own_model(imported, template, tmp_path):
    text = template.page_of(load().document, call=CALL, reply=REPLY)
    (tmp_path / "page.txt").write_text(text)
    said = imported("page.txt")
    assert "from 2026-02: of its fields, what is observed or assumed; the task query" in said
    assert "  dynamic_masks: the page does not say what is in it" in said
    assert "x-price" not in said
    assert load("own.json").rules.keys() == load().rules.keys()
    odd = text.replace("Authorization\nstring\nheader", "X-Key\nstring\nheader")
    (tmp_path / "page.txt").write_text(odd.replace('"https://example.com/mountain.jpg"', "5"))
    said = imported("page.txt", "--force")
    assert "  the key: the page sends it as X-Key; the fake takes Authorization: Bearer" in said
    assert "  submit.body.image.type: the page contradicts itself: the page's call has 5" in said


def test_a_page_that_leaves_nothing_open(imported, template, tmp_path):
    document = template.openapi_of(load().document, call=CALL, reply=REPLY)
    (path,) = document["paths"]
    operation = document["paths"][path]["post"]
    del operation["security"]
    (tmp_path / "page.json").write_text(json.dumps(document))
    assert "  the key: the page does not say how it is sent; it is sent as in the base" in imported(
        "page.json"
    )
    operation["security"] = [{"bearer": []}]
    image = {"type": "string"}
    operation["requestBody"]["content"]["application/json"]["schema"]["properties"] = {"image": image}
    (tmp_path / "page.json").write_text(json.dumps(document))
    assert "nothing in it stands out; read it all the same\n" in imported("page.json", "--force")


def test_to_standard_output(run):
    code, out, err = run("import", MORPH, "--revision", "own", "--out", "-")
    assert (code, json.loads(out)["info"]["version"]) == (0, "own")
    assert err.startswith("read ")
    assert "wrote" not in err


def test_from_standard_input(imported, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(MORPH).read_bytes())))
    assert imported("-").startswith("read standard input (text): POST ")


def test_another_base(imported):
    imported(MORPH, "--base", "2026-07")
    assert "balance" in load("own.json").operations
    imported(MORPH, "--base", "own.json", out="again.json")
    assert load("again.json").rules.keys() == load("own.json").rules.keys()


def test_nothing_is_written_over_unasked(run, imported, tmp_path):
    (tmp_path / "own.json").write_text("mine")
    code, _, err = run("import", MORPH, "--revision", "own", "--out", "own.json")
    assert code == 2
    assert "'own.json' is there already. Name another, or write over it with --force." in err
    assert (tmp_path / "own.json").read_text() == "mine"
    imported(MORPH, "--force")
    assert load("own.json").revision == "own"


@pytest.mark.parametrize(
    ("words", "code", "fact"),
    [
        (["gone.txt"], 3, "can't be read: No such file"),
        (["folder.json"], 3, "can't be read: Is a directory"),
        (["page.html"], 3, "HTML"),
        (["http://127.0.0.1/x"], 2, "nothing is fetched unasked"),
        ([MORPH, "--out", "own.txt"], 2, "is not called .json"),
        ([MORPH, "--out", "folder.json", "--force"], 2, "is there already"),
        ([MORPH, "--out", "none/own.json"], 3, "can't be written: No such file"),
        ([MORPH, "--revision", "2026-02"], 2, "a revision that comes with us"),
        ([MORPH, "--revision", "a b"], 2, "no name for a revision"),
        ([MORPH, "--revision", ""], 2, "no name for a revision"),
        ([MORPH, "--base", "2026-03"], 2, "Revision '2026-03' is not known"),
    ],
)
def test_what_can_not_be_done_is_told(run, tmp_path, words, code, fact):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html></html>")
    asked = ["import", "--revision", "own", "--out", "own.json", *words]
    told, out, err = run(*asked)
    assert (told, out) == (code, "")
    assert fact in err
    assert not (tmp_path / "own.json").exists()


@EACH
def test_the_fake_is_of_that_model(imported, fake, path):
    imported(path)
    contract = load("own.json")
    submit = contract.operation("submit")
    engine = fake("own.json", limited=False)

    def answered(body):
        call = Call("POST", submit.path, {"authorization": "Bearer mock-a"}, json.dumps(body).encode())
        reply = engine.answer(call)
        assert check_reply(contract, submit, call, reply) == []
        return reply

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bodies(contract), broken_bodies(contract=contract))
    def follow(body, pair):
        broken, rule = pair
        accepted, refused = answered(body), answered(broken)
        assert (accepted.status, refused.status) == (200, 400), rule.id
        assert engine.told(accepted)["data"]["model_id"] == path.stem

    follow()
    task = engine.told(answered(json.loads(min_body(contract))))["data"]["task_id"]
    engine.clock.advance(60)
    told = engine.told(engine.poll(task))["data"]
    assert (told["status"], told["model_id"]) == ("success", path.stem)


def min_body(contract):
    operation = contract.operation("submit")
    raw = contract.document["paths"][operation.path]["post"]["requestBody"]["content"]["application/json"]
    return json.dumps(raw["examples"]["minimal"]["value"])


@EACH
def test_the_server_is_of_that_model(imported, launch, ask, need, tmp_path, path):
    imported(path)
    with launch("--contract", str(tmp_path / "own.json"), "--timing", "instant") as server:
        submit = load("own.json").operation("submit").path
        assert f"revision own  POST {submit}" in server.banner
        words = shlex.split(server.banner.partition("Try it:")[2].replace("\\\n", ""))
        done = subprocess.run(
            [need("curl"), "--silent", *words[1:]], capture_output=True, text=True, timeout=30, check=True
        )
        task = json.loads(done.stdout)["data"]
        assert (task["status"], task["model_id"]) == ("pending", path.stem)
        status, told, _ = ask(server.url, path=f"/api/v1/tasks/{task['task_id']}", key="mock-key")
        assert (status, told["data"]["status"]) == (200, "success")
        status, told, _ = ask(server.url, "POST", submit, body=b"[]")
        assert (status, told["code"]) == (400, 400)
        assert ask(server.url, "POST", load().operation("submit").path, body=b"{}")[0] == 404
