"""From the start of a process to its first answer 200."""

from statistics import median

from bench.progress import say
from bench.servers import running


def measure(names: list[str], rounds: int) -> dict[str, float]:
    """Start each server again and again, in turn; the medians in milliseconds."""
    samples: dict[str, list[float]] = {name: [] for name in names}
    for nth in range(rounds + 1):
        for name in names:
            say(f"cold start: round {nth} of {rounds}, {name}")
            with running(name) as server:
                if nth:  # the first one fills caches
                    samples[name].append(server.start_seconds * 1e3)
    return {name: median(values) for name, values in samples.items()}
