"""What a good client makes of replies. Each function gives the lapses of one rule, or says why it can't."""

from collections.abc import Iterator, Sequence

from klingcontracts.client_calls import Lapse, Unjudged, numbers
from klingcontracts.conduct import Conduct, Outcome, Step

MOST_POLLS = 500  # of one task
LONGEST_POLLING = 86_400.0  # seconds
PATIENCE = 3  # polls that fail in a row, after which it is no mistake to give up


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
        last = _failed_at_the_end(polls)
        if 0 < len(last) < PATIENCE:
            yield Lapse(f"gave up after {last[-1].unclear or f'status {last[-1].status}'}", numbers(last))


def _failed_at_the_end(polls: Sequence[Step]) -> list[Step]:
    last: list[Step] = []
    for step in polls:
        last = [*last, step] if step.is_transient else []
    return last


def reports_failure(conduct: Conduct) -> Iterator[Lapse]:
    """A success that the client claims, and has not seen."""
    failed = conduct.seen("failed")
    if not failed and (_with_result(conduct) or any(map(conduct.is_strange, conduct.stopped))):
        raise Unjudged("no task failed")
    if _outcome(conduct) is Outcome.SUCCESS:
        why = "the task failed" if failed else "no task was seen to succeed with a result"
        yield Lapse(f"said success, and {why}", numbers(failed or conduct.seen("success")))


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
        left = step in conduct.stopped and not conduct.is_strange(step)
        if left or (conduct.ended(step) and step.task_status == "success" and _gave_up(conduct)):
            yield Lapse(f"stopped at a reply with {conduct.additions(step)[0]}", [step.number])


def _gave_up(conduct: Conduct) -> bool:
    return conduct.outcome is Outcome.FAILURE and not _halves(conduct)


def tolerates_unknown_status(conduct: Conduct) -> Iterator[Lapse]:
    """A client that stops at a status which is not documented."""
    if not any(conduct.is_strange(step) for polls in conduct.polls.values() for step in polls):
        raise Unjudged("no task had a status that is not documented")
    for step in conduct.stopped:
        if conduct.is_strange(step):
            yield Lapse(f"stopped at the status {step.task_status!r}", [step.number])


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
        yield Lapse(f"said success, and the download was {last.unclear or _file(last)}", numbers(halves))


def fetches_what_it_paid_for(conduct: Conduct) -> Iterator[Lapse]:
    """A job that was accepted, and never asked for."""
    if not conduct.known:
        raise Unjudged("no job was accepted and told of")
    for step in conduct.submissions:
        if step.task_id and step.task_id not in conduct.polls and not conduct.additions(step):
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
    return isinstance(resources, list) and any(isinstance(one, dict) and one.get("url") for one in resources)


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
    return step.status == 304 or step.exchange.reply.headers.get("content-type", "").startswith("video/")


def _file(step: Step) -> str:
    kind = step.exchange.reply.headers.get("content-type", "nothing")
    return f"status {step.status} with {kind}"
