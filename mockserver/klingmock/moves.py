"""What the control API moves: a task, the clock, the script, a whole world. Each tells what it led to."""

from collections.abc import Mapping

from klingcontracts.problem import Problem
from klingmock import looks
from klingmock.asked import Asked
from klingmock.looks import Json
from klingmock.steered import Steered

WAYS = ("advance", "advance_to", "freeze", "speed")
# Options that are texts, and what to give in place of anything else.
TEXTS = {
    "revision": "Give the name of one.",
    "time": "Give manual or system.",
    "seed": "Give one in quotes.",
    "script": "Give one in quotes.",
}


def hold(world: Steered, asked: Asked) -> Json:
    """Let a task stay in its status."""
    world.hold(asked.task_id)
    return looks.task(world, asked)


def release(world: Steered, asked: Asked) -> Json:
    """Let a task that is held, or stuck by a script, go on."""
    world.release(asked.task_id)
    return looks.task(world, asked)


def finish(world: Steered, asked: Asked) -> Json:
    """Let a task end now, with success."""
    world.finish(asked.task_id)
    return looks.task(world, asked)


def fail(world: Steered, asked: Asked) -> Json:
    """Let a task end now, failed."""
    world.finish(asked.task_id, "failed")
    return looks.task(world, asked)


def clock(world: Steered, asked: Asked) -> Json:
    """Move the time, in one of four ways.

    `advance` by seconds; `advance_to` a time in Unix seconds, or {"task_id", "status"}; `freeze`: true;
    `speed` in seconds a second, 1 for that of the machine.
    """
    chosen = [name for name in WAYS if name in asked.values]
    if len(chosen) != 1:
        told = " and ".join(chosen) or "nothing"
        raise Problem(f"The clock is asked for {told}.", f"Give one of {', '.join(WAYS)}.")
    if chosen == ["advance_to"]:
        _advance_to(world, asked)
    elif chosen == ["freeze"]:
        if not asked.flag("freeze"):
            raise Problem("freeze: false lets nothing go.", 'Give {"speed": 1} to let the time pass.')
        world.freeze()
    elif chosen == ["speed"]:
        world.run(asked.number("speed"))
    else:
        world.advance(asked.number("advance"))
    return looks.clock(world, asked)


def _advance_to(world: Steered, asked: Asked) -> None:
    to = asked.values["advance_to"]
    if not isinstance(to, Mapping):
        world.advance_until(asked.number("advance_to"))
        return
    aim = Asked(to)
    aim.check(["task_id", "status"])
    task_id, status = aim.text("task_id"), aim.text("status")
    if task_id is None or status is None:
        raise Problem("advance_to has no task_id, or no status.", "Give both, or a time in Unix seconds.")
    world.advance_to(task_id, status)


def add_script(world: Steered, asked: Asked) -> Json:
    """Append faults to the script of the world: {"script": "submit: lost; task: 503*2"}."""
    text = asked.text("script")
    if text is None:
        raise Problem("There is no script in the body.", 'Give one, as in {"script": "submit: lost"}.')
    world.script(text)
    return looks.script(world, asked)


def clear_script(world: Steered, asked: Asked) -> Json:
    """Forget all faults of the script, those that have fired too."""
    world.clear_script()
    return looks.script(world, asked)


def reset(world: Steered, asked: Asked) -> Json:
    """Let the world begin anew as its first time, but for the options given: timing, limits, script and more.

    What an earlier reset has asked for is forgotten.
    """
    for name, remedy in TEXTS.items():
        asked.text(name, remedy)
    if asked.values.get("reading") == []:
        raise Problem("reading: [] is no reading.", 'Give one, as in {"image-required": "either"}.')
    world.reset(world.original.changed(asked.values))
    return {"revision": world.contract.revision, **looks.clock(world, asked), **looks.script(world, asked)}
