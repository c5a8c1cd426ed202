"""The marker."""

import time

import client
import pytest

pytestmark = pytest.mark.klingmock(timing="realistic", seed="of the module", balance="7.0000")


@pytest.mark.klingmock(revision="2026-04", seed="of the class")
class TestClosest:
    def test_class(self, klingmock):
        found = klingmock.options
        assert (found.revision, found.timing, found.seed) == ("2026-04", "realistic", "of the class")

    @pytest.mark.klingmock(timing="instant", limits=True)
    def test_function(self, klingmock):
        found = klingmock.options
        assert (found.revision, found.timing, found.seed) == ("2026-04", "instant", "of the class")
        assert (found.limits, found.balance) == (True, "7.0000")


def test_module(klingmock):
    assert (klingmock.options.revision, klingmock.options.seed) == ("2026-02", "of the module")


@pytest.mark.klingmock(
    revision="2026-07",
    reading={"image-required": "either"},
    timing=(3, 4),
    limits={"rate": 4},
    retention=60,
    balance="1.5",
    seed="luck",
    script="submit: 503",
)
def test_all_of_it(klingmock):
    assert klingmock.contract.questions["image-required"].chosen == "either"
    path = klingmock.contract.operation("submit").path
    assert client.call(path, {"image_tail": client.IMAGE["image"]})[0] == 503
    assert client.call(path, {"image_tail": client.IMAGE["image"]})[0] == 200
    [task] = klingmock.tasks
    assert klingmock.advance_to(task.id, "processing") - task.task.submitted_at == 3
    assert klingmock.advance_to(task.id, "success") - task.task.submitted_at == 7
    klingmock.advance(61)
    assert [client.status_of(task.id) for _ in range(5)] == [404, 404, 404, 404, 429]
    klingmock.assert_faults_fired()


@pytest.mark.klingmock(timing=(0, 3600), time="virtual")
def test_sleep_moves_the_clock(klingmock):
    began, task_id = time.time(), client.submit()
    while client.status_of(task_id) != "success":
        time.sleep(600)
    assert time.time() - began == 3600 == sum(wait.seconds for wait in klingmock.waits)
