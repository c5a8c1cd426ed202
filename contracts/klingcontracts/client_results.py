"""What a good client makes of replies. Each function gives the lapses of one rule, or says why it can't."""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from klingcontracts.client_calls import Lapse, Unjudged, asked_pause, numbers
from klingcontracts.conduct import LONGEST_NAME, Conduct, Outcome, Step

MOST_POLLS = 500  # of one task
LONGEST_POLLING = 86_400.0  # seconds
PATIENCE = 3  # polls in a row that are no help, after which it is no mistake to give up
HASTE = 60.0  # seconds of polling; who left later may have met a deadline, and nobody can tell
DEADLINE = 300.0  # seconds that the vendor's own client waits for a task (C4)


def stops_at_terminal(conduct: Conduct) -> Iterator[Lapse]:
    """Polls of a task that has ended."""
    ends = False
    for polls in conduct.polls.values():
        end = next((nth for nth, step in enumerate(polls) if conduct.ended(step)), None)
        if end is not None:
            ends = True
            if polls[end + 1 :]:
                yield Lapse(f"polled again after {polls[end].task_status}", numbers(polls[end:]))
    if not ends:
        raise Unjudged("no task was seen to end")


def survives_transient(conduct: Conduct) -> Iterator[Lapse]:
    """A task that was left after a poll which failed for a moment."""
    if not any(step.is_transient for polls in conduct.polls.values() for step in polls):
        raise Unjudged("no poll failed for a moment")
    for polls in conduct.polls.values():
        left = _left_in_haste(polls, lambda step: step.is_transient)
        if left and not any(map(conduct.ended, polls)):
            yield Lapse(f"gave up after {left[-1].unclear or f'status {left[-1].status}'}", numbers(left))


def _left_in_haste(polls: Sequence[Step], kind: Callable[[Step], bool]) -> list[Step]:
    """The last polls of a task, all of one kind, when a client had too little patience with them."""
    last = list(takewhile(kind, reversed(polls)))[::-1]
    if len(last) >= PATIENCE or not last:
        return []
    in_haste = polls[-1].at - polls[0].at < HASTE and asked_pause(polls[-1]) < DEADLINE
    return last if in_haste else []


def reports_failure(conduct: Conduct) -> Iterator[Lapse]:
    """A success that the client claims, and has not seen."""
    failed, good = conduct.seen("failed"), _with_result(conduct)
    if failed and good:
        raise Unjudged("one task failed, and another succeeded")
    if good or (not failed and any(map(conduct.is_strange, conduct.stopped))):
        raise Unjudged("no task failed")
    if _outcome(conduct) is Outcome.SUCCESS:
        why = "the task failed" if failed else "no task was seen to succeed with a result"
        steps = failed or conduct.seen("success")
        yield Lapse(f"said success, and {why}", numbers(steps), _unfounded(conduct))


def _unfounded(conduct: Conduct) -> str:
    """What to do against a success without ground, by what there was in its place; "" for a failed task."""
    if conduct.seen("failed"):
        return ""
    if conduct.seen("success"):
        return "Report a failure when data.result.resources has no URL: then there is no video to be had."
    if conduct.polls:
        return "Report success only when a poll says success with a URL, not when polling ends without."
    if conduct.known:
        return "Poll the task until it ends: an accepted job is no video yet."
    return "Report a failure when the submission is refused, or brings no data.task_id."


def reports_success(conduct: Conduct) -> Iterator[Lapse]:
    """A failure that the client claims, though its task has succeeded."""
    good = _with_result(conduct)
    if not good or conduct.seen("failed") or any(map(conduct.additions, good)):
        raise Unjudged("no task succeeded as documented, or one failed")
    if _outcome(conduct) is Outcome.FAILURE and not _halves(conduct):
        yield Lapse("said failure, and the task succeeded", numbers(good))


def tolerates_additions(conduct: Conduct) -> Iterator[Lapse]:
    """A client that stops at a reply with fields which are not documented."""
    added = [step for step in conduct.steps if conduct.additions(step)]
    if not added:
        raise Unjudged("no reply had more than is documented")
    for step in added:
        if _left_at(conduct, step) or (step.task_status == "success" and _gave_up(conduct)):
            yield Lapse(f"stopped at a reply with {conduct.additions(step)[0]}", [step.number])


def _left_at(conduct: Conduct, step: Step) -> bool:
    """Whether a reply with additions may be why a client left its task."""
    if step not in conduct.stopped or conduct.is_strange(step):
        return False
    polls = conduct.polls.get(step.task_id, ())
    if not polls:
        return _stopped_there(conduct, step)
    return bool(_left_in_haste(polls, lambda one: bool(conduct.additions(one))))


def _stopped_there(conduct: Conduct, submission: Step) -> bool:
    """Whether a client may have stopped at what it was told: who polls, or claims a success, has not."""
    went_on = any(step.operation == "task" and step.number > submission.number for step in conduct.steps)
    return not went_on and conduct.outcome is not Outcome.SUCCESS


def _gave_up(conduct: Conduct) -> bool:
    return conduct.outcome is Outcome.FAILURE and not _halves(conduct)


def tolerates_unknown_status(conduct: Conduct) -> Iterator[Lapse]:
    """A client that stops at a status which is not documented."""
    if not any(conduct.is_strange(step) for polls in conduct.polls.values() for step in polls):
        raise Unjudged("no task had a status that is not documented")
    for polls in conduct.polls.values():
        left = _left_in_haste(polls, conduct.is_strange)
        if left:
            yield Lapse(f"stopped at the status {left[-1].task_status[:LONGEST_NAME]!r}", numbers(left))


def gives_up(conduct: Conduct) -> Iterator[Lapse]:
    """A task that is polled as if there were no tomorrow."""
    endless = False
    for polls in conduct.polls.values():
        seconds = polls[-1].at - polls[0].at
        if len(polls) > MOST_POLLS or seconds > LONGEST_POLLING:
            endless = True
            yield Lapse(f"{len(polls)} polls over {seconds:.0f} s", [polls[0].number, polls[-1].number])
    gone = conduct.outcome is Outcome.FAILURE and any(step.operation == "task" for step in conduct.stopped)
    if not endless and not gone:
        raise Unjudged("no task went on without an end")


def gets_whole_file(conduct: Conduct) -> Iterator[Lapse]:
    """A success that the client claims, with a file that never arrived whole."""
    if not conduct.downloads:
        raise Unjudged("nothing was downloaded")
    halves = _halves(conduct)
    if halves and _outcome(conduct) is Outcome.SUCCESS:
        last = halves[-1]
        seen = f"said success, and the download was {last.unclear or _file(last)}"
        yield Lapse(seen, numbers(halves), _no_file(last))


def fetches_what_it_paid_for(conduct: Conduct) -> Iterator[Lapse]:
    """A job that was accepted, and never asked for."""
    if not conduct.known:
        raise Unjudged("no job was accepted and told of")
    for step in conduct.submissions:
        put_off = bool(conduct.additions(step)) and _stopped_there(conduct, step)
        if step.task_id and step.task_id not in conduct.polls and not put_off:
            yield Lapse(f"never asked for {step.task_id}", [step.number])


def _outcome(conduct: Conduct) -> Outcome:
    if conduct.outcome is None:
        raise Unjudged("the client's outcome was not given")
    return conduct.outcome


def _with_result(conduct: Conduct) -> list[Step]:
    return [step for step in conduct.seen("success") if _has_url(step)]


def _has_url(step: Step) -> bool:
    result = step.told["data"].get("result")
    resources = result.get("resources") if isinstance(result, dict) else None
    return isinstance(resources, list) and any(map(_is_file, resources))


def _is_file(resource: Any) -> bool:
    url = resource.get("url") if isinstance(resource, dict) else None
    return isinstance(url, str) and url != ""


def _halves(conduct: Conduct) -> list[Step]:
    """The last download of each file that never arrived whole."""
    last: dict[str, Step] = {}
    for step in conduct.downloads:
        if step.exchange.call.method == "GET" and not _is_whole(last.get(step.exchange.call.path)):
            last[step.exchange.call.path] = step
    return [step for step in last.values() if not _is_whole(step)]


def _is_whole(step: Step | None) -> bool:
    if step is None or step.unclear or step.status not in {200, 206, 304}:
        return False
    reply = step.exchange.reply
    is_video = reply.headers.get("content-type", "").lower().startswith("video/")
    return step.status == 304 or (is_video and len(reply.body) > 0)


def _no_file(step: Step) -> str:
    """What to do about a download that brought no whole file; "" for one that broke off, or is empty."""
    if step.unclear:
        return ""
    if 300 <= step.status < 400:
        return "Follow the redirect of a download, without Authorization there too."
    if step.status not in {200, 206}:
        return "Look at the status of a download, and fetch again after a pause: the URL may work by then."
    if len(step.exchange.reply.body):
        return "Look at Content-Type: what is no video/ is a page about one. Fetch again after a pause."
    return ""


def _file(step: Step) -> str:
    reply = step.exchange.reply
    kind = reply.headers.get("content-type", "nothing") if len(reply.body) else "an empty body"
    return f"status {step.status} with {kind}"
