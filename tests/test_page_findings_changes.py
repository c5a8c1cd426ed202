import pytest

from klingcontracts.contract import load, of_document
from klingcontracts.page_draft import draft
from klingcontracts.page_findings import page_findings
from klingcontracts.pages import read_page
from klingcontracts.rule import Level

CALL = {"image": "https://example.com/mountain.jpg"}
DATA = {"status": "pending", "task_id": "task-1", "model_id": "kling-v1-i2v"}
REPLY = {"code": 0, "message": "success", "data": DATA}
PROMPT = 'Required string length: 1 - 2500\nExample:\n\n"The camera'
ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO


@pytest.fixture(scope="module")
def page(template):
    """Renders the revision 2026-02 as a page; keywords change how."""

    def rendered(**how):
        return template.page_of(load().document, call=CALL, reply=REPLY, **how)

    return rendered


@pytest.fixture(scope="module")
def base(page):
    """The contract of that page, with its prose."""
    return of_document(draft(read_page(page(), "first"), load(), "first"), "first")


def found(text, contract):
    return [(one.rule.id, one.level, one.pointer) for one in page_findings(read_page(text, "page"), contract)]


# What changes on the page: the text, its replacement, and the findings, each with its level.
CHANGES = {
    "a flag goes": ("image\nstring\nrequired", "image\nstring", {"image.required": WARNING}),
    "a flag comes": ("prompt\nstring\n", "prompt\nstring\nrequired\n", {"prompt.required": ERROR}),
    "a type": (
        "static_mask\nstring",
        "static_mask\nobject",
        {"static_mask.type": ERROR, "static_mask.says": WARNING},
    ),
    "an item's type": ("object[]", "string[]", {"dynamic_masks.[].type": ERROR}),
    "an array no more": ("object[]", "object", {"dynamic_masks.type": ERROR}),
    "a wider type": ("duration\nenum<integer>", "duration\nenum<number>", {"duration.type": WARNING}),
    "a bound down": (PROMPT, PROMPT.replace("2500", "2000"), {"prompt.maxLength": ERROR}),
    "a bound up": (PROMPT, PROMPT.replace("2500", "9000"), {"prompt.maxLength": WARNING}),
    "a lower bound up": (PROMPT, PROMPT.replace("1 -", "3 -"), {"prompt.minLength": ERROR}),
    "a lower bound gone": (
        PROMPT,
        PROMPT.replace("Required string length: 1 - 2500", "Maximum string length: 2500"),
        {"prompt.minLength": WARNING},
    ),
    "a range": ("0 <= x <= 1", "0 <= x <= 2", {"cfg_scale.maximum": WARNING}),
    "an open range": (
        "0 <= x <= 1",
        "0 <= x < 1",
        {"cfg_scale.maximum": WARNING, "cfg_scale.exclusiveMaximum": ERROR},
    ),
    "a default": ("default:0.5", "default:0.7", {"cfg_scale.default": WARNING}),
    "no default": ("default:std\n", "", {"mode.default": WARNING}),
    "a new default": (
        "image_tail\nstring\n",
        "image_tail\nstring\ndefault:x\n",
        {"image_tail.default": WARNING},
    ),
    "a format": ("cfg_scale\nnumber\n", "cfg_scale\nnumber<float>\n", {"cfg_scale.format": INFO}),
    "an option more": ("std,\npro", "std,\npro,\nmax", {"mode.enum": WARNING}),
    "an option less": ("5,\n10\n", "5\n", {"duration.enum": ERROR}),
    "other options": ("5,\n10\n", "5,\n8\n", {"duration.enum": ERROR}),
    "a pattern": (
        'Example:\n\n"blurry',
        'Pattern: ^b\nExample:\n\n"blurry',
        {"negative_prompt.pattern": ERROR},
    ),
    "array bounds": (
        "camera_control.\n\nduration",
        "camera_control.\n\nMinimum array length: 1\n\nduration",
        {"dynamic_masks.minItems": ERROR},
    ),
    "an exclusion gone": (
        "Cannot be combined with static_mask or dynamic_masks or camera_control.",
        "Cannot be combined with static_mask or dynamic_masks.",
        {"image_tail.excludes.camera_control": WARNING},
    ),
    "an exclusion more": (
        "should not appear.",
        "should not appear. Cannot be combined with prompt.",
        {"negative_prompt.excludes.prompt": ERROR},
    ),
    "a rule in prose": (
        "in seconds.",
        "in seconds. Ten is not available at night.",
        {"duration.says": WARNING},
    ),
    "at least one": (
        "image\nstring\nrequired\n\n",
        "image\nstring\nrequired\n\nAt least one of image or prompt. ",
        {"image.one-of": WARNING},
    ),
    "not for this model": (
        "follows the prompt.",
        "follows the prompt. Only supported by V2.",
        {"cfg_scale.only-for": ERROR},
    ),
    "for this model": (
        "follows the prompt.",
        "follows the prompt. Only available for V1.",
        {"cfg_scale.only-for": WARNING},
    ),
    "reworded": (
        "Length of the clip in seconds.",
        "How long the clip is, in seconds.",
        {"duration.wording": INFO},
    ),
    "an exclusion reworded": (
        "Cannot be combined with static_mask or dynamic_masks or camera_control.",
        "Is mutually exclusive with static_mask, dynamic_masks and camera_control.",
        {"image_tail.wording": INFO},
    ),
    "a description gone": ("Length of the clip in seconds.", "", {"duration.wording": INFO}),
    "a new field": ("duration\nenum", "mark\nboolean\n\nA mark\n\nduration\nenum", {"mark.listed": INFO}),
    "a new needed field": (
        "duration\nenum",
        "mark\nboolean\nrequired\n\nduration\nenum",
        {"mark.required": ERROR},
    ),
    "a listed field": (
        "duration\nenum",
        "camera_control\nobject\n\nduration\nenum",
        {"camera_control.listed": INFO},
    ),
    "a renamed field": (
        "image_tail\nstring",
        "tail\nstring",
        {"image_tail.listed": ERROR, "tail.listed": INFO},
    ),
    "the path": ("/image-to-video/kling/", "/kling/", {"route.unknown-path": ERROR}),
    "the host": ("api.modellix.ai", "api.example.com", {"route.server": ERROR}),
    "words about the key": ("The key of your team", "A key of your team", {"auth.wording": INFO}),
    "no words about the key": ("The key of your team, as in: Bearer KEY.", "", {"auth.wording": INFO}),
    "another header": ("Authorization\nstring\nheader", "X-Key\nstring\nheader", {"auth.bad-scheme": ERROR}),
    "a key that is optional": ("header\nrequired", "header", {"auth.missing-key": WARNING}),
    "a query key": ("Authorization\nstring\nheader", "key\nstring\nquery", {"auth.bad-scheme": ERROR}),
    "one more header": ("Body\n\n", "X-Team\nstring\nheader\n\nBody\n\n", {"submit.body.says": WARNING}),
    "a field's example of the reply": (
        "The code.",
        "The code.\n\nExample:\n\n7",
        {"submit.reply.code.const": WARNING},
    ),
    "a field's example as before": ("The code.", "The code.\n\nExample:\n\n0", {}),
    "the first status": ('"pending"', '"queued"', {"submit.reply.data.status.const": ERROR}),
    "the code": ('"code": 0', '"code": 200', {"submit.reply.code.const": ERROR}),
    "no task id": ('    "task_id": "task-1",\n', "", {"submit.reply.data.task_id.listed": ERROR}),
    "a task id of another kind": ('"task-1"', "17", {"submit.reply.data.task_id.type": ERROR}),
    "more in the reply": ('"task-1"', '"task-1", "cost": 1.5', {"submit.reply.data.cost.listed": INFO}),
    "a reply's field": (
        "data\nobject",
        "trace\nstring\n\nA trace\n\ndata\nobject",
        {"submit.reply.trace.listed": INFO},
    ),
    "a reply's flag": ("code\ninteger\nrequired", "code\ninteger", {"submit.reply.code.required": ERROR}),
    "a reply's type": ("message\nstring", "message\nobject", {"submit.reply.message.type": ERROR}),
    "a reply's wording": ("The job is taken.", "The job has been taken.", {"submit.reply.wording": INFO}),
    "a reply's field's wording": ("The code.", "A number.", {"submit.reply.code.wording": INFO}),
    "a reply's statement": (
        "The code.",
        "The code.\n\nRequired array length: 1",
        {"submit.reply.code.says": WARNING},
    ),
    "the accepting status": (
        "Response\n\n",
        "Response\n\n202 - application/json\n\n",
        {"submit.reply.status": ERROR},
    ),
    "the call itself": ('"image": "https', '"prompt": "https', {"image.required": WARNING}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_found_and_named(name, page, base) -> None:
    old, new, expected = CHANGES[name]
    text = page()
    assert old in text
    rules = {
        rule if rule.startswith(("submit.", "route.", "page.", "auth.")) else f"submit.body.{rule}": level
        for rule, level in expected.items()
    }
    assert {rule: level for rule, level, _ in found(text.replace(old, new, 1), base)} == rules


def test_the_method(page, base) -> None:
    text = page().replace("\nPOST\n", "\nPUT\n").replace("--request POST", "--request PUT")
    assert found(text, base) == [("route.wrong-method", ERROR, "")]


def test_the_flag_and_the_text_change_places(page, base) -> None:
    text = page().replace(
        "image\nstring\nrequired\n\n", "image\nstring\n\nAt least one of image or image_tail. "
    )
    # What was needed is one of two that are needed: this is told once for the rule, once for the prose.
    assert {rule for rule, _, _ in found(text, base)} == {
        "submit.body.image.required",
        "submit.body.image.one-of",
    }
