"""klingmock.certificate_markdown: a table of scenarios, and what the client did wrong."""

from klingmock.certificate import Certificate, Check, Played
from klingmock.certificate_markdown import markdown

FAILED = Check("submits-once", "fail", "`again` | and\n*again*", "once", "Do it once.", (1, 2))
WARNED = Check("gives-up", "warn", "on and on", "an end", "End.")


def played(name, *checks, **more):
    told = {"says": "it", "script": "", "good": "success", "exit_code": 0, "seconds": 1.25, "started": 1.0}
    return Played(**{"name": name, "ended": "exited", "checks": checks, **told, **more})


def test_all_of_it():
    scenarios = [
        played("plain", Check("ends", "pass")),
        played("submit-lost", FAILED, WARNED, exit_code=None),
        played("slow", ended="never called"),
    ]
    told = markdown(Certificate("run [x]", "2026-02", scenarios, 3.0, "Use MODELLIX_BASE_URL."))
    assert told == "\n".join(
        [
            "## klingmock certify: run \\[x\\]",
            "",
            "Revision 2026-02. 1 of 3 scenarios without blame, in 3 s; "
            "checks: 1 pass, 1 fail, 1 warn, 0 not judged.",
            "",
            "| scenario | verdict | not kept | exit | seconds | charged |",
            "| --- | --- | --- | --: | --: | --: |",
            "| plain | pass |  | 0 | 1.2 | 0 |",
            "| submit-lost | fail | submits-once, gives-up | ended | 1.2 | 0 |",
            "| slow | never called |  | 0 | 1.2 | 0 |",
            "",
            "**submits-once** (fail) in **submit-lost**, exchanges 1, 2",
            "",
            "- seen: \\`again\\` \\| and \\*again\\*",
            "- expected: once",
            "- advice: Do it once.",
            "",
            "**gives-up** (warn) in **submit-lost**",
            "",
            "- seen: on and on",
            "- expected: an end",
            "- advice: End.",
            "",
            "The client never called us where the table says so. Use MODELLIX\\_BASE\\_URL.",
        ]
    )


def test_a_client_that_was_ended_without_a_verdict_is_told_of():
    why = Check("ends", "not judged", "a reply was still on its way")
    told = markdown(Certificate("client", "", [played("plain", why, ended="timed out")]))
    assert told.endswith("\nNot judged in **plain**: a reply was still on its way.")


def test_without_blame_there_is_the_table_alone():
    told = markdown(Certificate("client", "", [played("plain", Check("ends", "pass"))]))
    assert told.splitlines()[2].startswith("Revision none: it submitted nothing. 1 of 1")
    assert told.endswith("| plain | pass |  | 0 | 1.2 | 0 |")
