"""The files of finished tasks. No key is asked for: the vendor's result URLs are open (T1)."""

from collections.abc import Sequence

from klingcontracts.check import wire
from klingcontracts.exchange import Call, Reply
from klingmock import media
from klingmock.refusal import Answer, refuse
from klingmock.served import Served
from klingmock.store import Store
from klingmock.task import Task

LONGEST_PATH = 128  # characters of a path that a refusal repeats


class Videos:
    """Answers for the paths that lead to videos."""

    def __init__(self, served: Sequence[Served], store: Store) -> None:
        self._first = served[0].contract
        self._store = store
        self._by_contract = {one.contract: one for one in served}

    def task(self, path: str) -> Task | None:
        """The task whose video is, or will be, at this path; None when there is none."""
        task = self._store.get(path.removeprefix(self._first.media).rpartition("_")[0])
        if task is None or self._by_contract[task.contract].replies.video_path(task.id) != path:
            return None
        return task

    def file(self, task: Task | None, call: Call, now: float, request_id: str) -> tuple[Answer, Reply | None]:
        """The file of a finished task, or a refusal and no file."""
        if task is None or task.status(now) != "success":
            finding = wire(self._first, "video.unknown", "", "video", path=call.path[:LONGEST_PATH])
            return refuse(self._first, [finding], "video", why(task, task.owner if task else "")), None
        file = media.serve(media.video(task.id, task.seconds), call.method, call.headers)
        headers = {**file.headers, "x-request-id": request_id}
        return Answer(file.status, "", "video"), file._replace(headers=headers)


def why(task: Task | None, owner: str) -> str:
    """Why a task, or its video, is not there for this key."""
    if task is None:
        return "nothing of this name is kept here"
    return "it has expired, or is not finished" if task.owner == owner else "the task belongs to another key"
