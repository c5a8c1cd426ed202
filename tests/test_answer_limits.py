"""klingmock.answer: requests a minute, running tasks, money."""

import pytest

from klingcontracts.document import revisions

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def rate(reply) -> tuple[int, ...]:
    return tuple(int(reply.headers[name]) for name in NAMES)


def told_none(reply) -> bool:
    return not set(NAMES) & set(reply.headers)


# --- requests a minute ---


def test_a_hundred_requests_a_minute_and_not_one_more(fake):
    world = fake()
    end = world.clock.now() + 60
    seen = [world.call("GET", "/api/v1/tasks/x") for _ in range(102)]
    assert [reply.status for reply in seen] == [404] * 100 + [429] * 2
    assert [rate(reply) for reply in seen] == [(100, max(0, 99 - n), end) for n in range(102)]
    assert world.told(seen[-1])["message"].startswith("Rate limit exceeded: ")
    assert seen[-1].headers["x-klingmock-hint"].startswith("limit.rate: ")


def test_a_new_minute_is_a_new_hundred(fake):
    world = fake()
    world.clock.advance(59.999)
    for _ in range(101):
        last = world.poll("x")
    assert last.status == 429
    world.clock.advance(0.001)
    fresh = world.poll("x")
    assert (fresh.status, rate(fresh)[1]) == (404, 99)
    assert rate(fresh)[2] == rate(last)[2] + 60 == world.clock.now() + 60


@pytest.mark.parametrize("kind", ["no key", "bad key", "bad scheme", "video"])
def test_what_has_no_accepted_key_neither_counts_nor_is_told(fake, kind):
    world = fake(rate=2)
    sent = {
        "no key": lambda: world.call("GET", "/api/v1/tasks/x", key=""),
        "bad key": lambda: world.call("GET", "/api/v1/tasks/x", key="sk-live"),
        "bad scheme": lambda: world.call("GET", "/api/v1/tasks/x", authorization="Basic mock-a"),
        "video": lambda: world.call("GET", "/aigc/video/x"),
    }[kind]
    assert all(told_none(sent()) for _ in range(5))
    assert rate(world.poll("x"))[1] == 1


def test_everything_with_an_accepted_key_counts(fake):
    world = fake()
    world.submitted()
    world.submit({})
    world.submit(b"{")
    world.submit(b"", oversize=True)
    world.call("GET", "/nowhere")
    world.call("PUT", world.submit_path)
    world.poll("x")
    assert rate(world.poll("x"))[1] == 92


def test_a_refused_request_counts_and_creates_nothing(fake):
    world = fake("2026-07", rate=1)
    world.poll("x")
    assert [world.submit().status for _ in range(3)] == [429, 429, 429]
    world.clock.advance(60)
    assert world.told(world.call("GET", "/api/v1/team/balance"))["data"]["balance"] == 1000
    world.clock.advance(60)
    assert world.submit().status == 200


def test_where_nothing_is_a_spent_key_is_told_so_first(fake):
    world = fake(rate=1)
    world.poll("x")
    assert world.call("GET", "/nowhere").status == 404


def test_each_key_has_a_minute_of_its_own(fake):
    world = fake(rate=1)
    assert [world.poll("x", key).status for key in ("mock-a", "mock-b", "mock-a")] == [404, 404, 429]


def test_ones_own_rate_is_told(fake):
    world = fake(rate=5)
    assert rate(world.poll("x"))[:2] == (5, 4)


def test_without_limits_nothing_is_counted_or_told(fake):
    world = fake(limited=False)
    seen = [world.submit() for _ in range(150)]
    assert {reply.status for reply in seen} == {200}
    assert all(told_none(reply) for reply in seen)


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/team/balance", "/api/v1/apikey/validate"])
def test_the_other_operations_count_too(fake, path):
    world = fake("2026-07", rate=2)
    assert [world.call("GET", path).status for _ in range(3)] == [200, 200, 429]


def test_a_team_shares_one_limit_where_it_is_read_so(fake):
    world = fake(readings={"limit-scope": "team"}, rate=2)
    seen = [world.poll("x", key) for key in ("mock-a", "mock-b", "mock-c")]
    assert [(reply.status, rate(reply)[:2]) for reply in seen] == [
        (404, (2, 1)),
        (404, (2, 0)),
        (429, (2, 0)),
    ]


def test_key_and_global_are_two_limits_where_it_is_read_so(fake):
    world = fake(readings={"limit-scope": "key-and-global"}, rate=100)
    first = world.poll("x", "mock-0")
    assert rate(first)[:2] == (100, 99)
    spent = [world.poll("x", f"mock-{n // 90}") for n in range(1, 1000)]
    assert {reply.status for reply in spent} == {404}
    last = world.poll("x", "mock-new")
    assert (last.status, rate(last)[:2]) == (429, (1000, 0))
    assert "more than 1000 requests" in world.told(last)["message"]
    world.clock.advance(60)
    seen = [world.poll("x", "mock-0").status for _ in range(101)]
    assert (seen[99], seen[100]) == (404, 429)


def test_headers_only_on_refusal_where_it_is_read_so(fake):
    world = fake(readings={"rate-headers": "refused"}, rate=3, concurrency=1)
    accepted, running, poll, spent = world.submit(), world.submit(), world.poll("x"), world.poll("x")
    assert [told_none(reply) for reply in (accepted, running, poll, spent)] == [True, False, True, False]
    assert [reply.status for reply in (running, spent)] == [429, 429]
    assert rate(spent)[:2] == (3, 0)


# --- running tasks ---


@pytest.mark.parametrize(("revision", "most"), [("2026-02", 3), ("2026-04", 3), ("2026-07", 2)])
def test_so_many_tasks_run_at_once(fake, revision, most):
    world = fake(revision)
    for _ in range(most):
        world.submitted()
    refused = world.submit()
    assert refused.status == 429
    assert world.told(refused)["message"].startswith("Concurrent limit exceeded: ")
    assert refused.headers["x-klingmock-hint"].startswith("limit.concurrency: ")
    assert world.submit(key="mock-b").status == 200


def test_a_place_is_free_at_the_moment_a_task_ends(fake):
    world = fake()
    for _ in range(3):
        world.submitted()
        world.clock.advance(1)
    world.clock.advance(1.999)
    assert world.submit().status == 429
    world.clock.advance(0.001)
    assert [world.submit().status for _ in range(2)] == [200, 429]


def test_a_refused_submission_leaves_no_trace(fake):
    # The next id is the one it would have been: no submission was counted, nothing was charged.
    def next_id(disturbed):
        world = fake("2026-07", concurrency=1)
        world.submitted()
        if disturbed:
            world.submit()  # 429
        world.clock.advance(5)
        if disturbed:
            world.submit({})
            world.submit(b"[")
            world.submit(oversize=True)
        balance = world.told(world.call("GET", "/api/v1/team/balance"))["data"]["balance"]
        return world.submitted(), balance

    assert next_id(disturbed=True) == next_id(disturbed=False)


def test_ones_own_number_of_running_tasks(fake):
    world = fake(concurrency=5)
    assert [world.submit().status for _ in range(6)] == [200] * 5 + [429]


# --- size ---


def test_too_large_a_body_is_named_with_the_bound(fake):
    world = fake(parts={"max_body": 1234})
    reply = world.submit(b"", oversize=True)
    assert reply.status == 413
    assert world.told(reply)["message"] == "Payload too large: the body exceeds 1234 bytes"


# --- money ---


def balance(world, key="mock-a") -> float:
    return world.told(world.call("GET", "/api/v1/team/balance", key=key))["data"]["balance"]


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ({}, 0.14),
        ({"duration": 10}, 0.28),
        ({"mode": "pro"}, 0.245),
        ({"mode": "pro", "duration": 10}, 0.49),
    ],
)
def test_the_balance_falls_by_the_price(fake, body, price):
    world = fake("2026-07")
    name = world.submitted({"image": "x", **body})
    assert balance(world) == pytest.approx(1000 - price, abs=1e-9)
    assert balance(world, "mock-b") == 1000
    world.clock.advance(5)
    assert world.told(world.poll(name))["data"]["billing"] == {
        "status": "succeeded",
        "amount": f"{price:.4f}",
    }
    assert balance(world) == pytest.approx(1000 - price, abs=1e-9)


def test_a_thousand_jobs_leave_no_rounding_behind(fake):
    world = fake("2026-07", limited=False)
    for _ in range(1000):
        world.submitted()
    assert balance(world) == 860


@pytest.mark.parametrize("revision", ["2026-04", "2026-07"])
def test_a_balance_that_does_not_cover_the_job_is_402(fake, revision):
    world = fake(revision, balance="0.28", limited=False)
    world.submitted()
    assert world.submit({"image": "x", "mode": "pro"}).status == 402
    world.submitted()
    dry = world.submit()
    assert dry.status == 402
    assert world.told(dry)["message"].startswith("Insufficient balance: ")
    assert dry.headers["x-klingmock-hint"].startswith("balance.insufficient: ")
    assert world.submit(key="mock-b").status == 200


def test_validation_comes_before_money(fake):
    assert fake("2026-07", balance="0").submit({}).status == 400


@pytest.mark.parametrize("revision", ["2026-04", "2026-07"])
def test_a_key_without_funds_can_do_everything_but_submit(fake, revision):
    world = fake(revision)
    assert world.submit(key="mock-unfunded-3").status == 402
    assert world.poll("x", key="mock-unfunded-3").status == 404


def test_a_key_without_funds_has_a_balance_of_nothing(fake):
    assert balance(fake("2026-07"), "mock-unfunded") == 0


def test_the_first_revision_knows_no_402(fake):
    world = fake("2026-02", balance="0")
    assert world.submit(key="mock-unfunded").status == 200


def test_what_is_not_enforced_never_goes_below_nothing(fake):
    world = fake("2026-07", readings={"insufficient-balance": "off"}, balance="0.1", limited=False)
    world.submitted()
    world.submitted()
    assert balance(world) == 0


@pytest.mark.parametrize("revision", revisions())
def test_the_reading_decides_whether_money_matters(fake, revision):
    assert fake(revision, readings={"insufficient-balance": "402"}, balance="0").submit().status == 402
    assert fake(revision, readings={"insufficient-balance": "off"}, balance="0").submit().status == 200
