"""As much of gh as the action needs, with the issues in a file: it fails for words that it does not know."""

import argparse
import json
import os
import sys
from pathlib import Path

STATE = Path(os.environ["GH_STATE"])


def main() -> None:
    if "GH_FAILS" in os.environ:
        sys.exit(os.environ["GH_FAILS"])
    state = json.loads(STATE.read_text()) if STATE.exists() else {"issues": [], "labels": []}
    kind, verb, *words = sys.argv[1:]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    if (kind, verb) == ("label", "create"):
        parser.add_argument("name")
        parser.add_argument("--force", action="store_true", required=True)
        parser.add_argument("--description")
        state.setdefault("labels", []).append(parser.parse_args(words).name)
    elif (kind, verb) == ("issue", "list"):
        for flag in ("--label", "--state", "--limit", "--json"):
            parser.add_argument(flag, required=True)
        chosen = parser.parse_args(words)
        mine = [
            one for one in state["issues"] if chosen.label in one["labels"] and one["state"] == chosen.state
        ]
        fields = chosen.json.split(",")
        listed = [{name: one[name] for name in fields} for one in mine[: int(chosen.limit)]]
        print(os.environ.get("GH_SAYS") or json.dumps(listed))
    elif (kind, verb) == ("issue", "create"):
        for flag in ("--title", "--label", "--body-file"):
            parser.add_argument(flag, required=True)
        chosen = parser.parse_args(words)
        assert chosen.body_file == "-"
        assert chosen.label in state["labels"], "gh refuses a label that is not there"
        number = 1 + max((one["number"] for one in state["issues"]), default=0)
        issue = {"number": number, "title": chosen.title, "body": sys.stdin.read(), "labels": [chosen.label]}
        state["issues"].append({**issue, "state": "open", "edits": 0, "comments": []})
        print(f"https://github.example/issues/{number}")
    elif (kind, verb) == ("issue", "edit"):
        parser.add_argument("number", type=int)
        parser.add_argument("--title", required=True)
        parser.add_argument("--body-file", required=True)
        chosen = parser.parse_args(words)
        (issue,) = (one for one in state["issues"] if one["number"] == chosen.number)
        # GitHub keeps texts with the ends of lines of its forms.
        body = sys.stdin.read().replace("\n", "\r\n")
        issue.update(title=chosen.title, body=body, edits=issue["edits"] + 1)
    elif (kind, verb) == ("issue", "close"):
        parser.add_argument("number", type=int)
        parser.add_argument("--comment", required=True)
        chosen = parser.parse_args(words)
        (issue,) = (one for one in state["issues"] if one["number"] == chosen.number)
        issue["state"] = "closed"
        issue["comments"].append(chosen.comment)
    else:
        sys.exit(f"unknown command {kind!r} {verb!r}")
    STATE.write_text(json.dumps(state))


main()
