"""klingmock serve: the fake as a server."""

import argparse
import gc
from importlib import import_module

from klingmock.settings import SETTINGS
from klingmock.settings import settings as read


def flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting."""
    parser.add_argument(
        "--config", metavar="FILE", help="a TOML file with settings (default: klingmock.toml)"
    )
    for setting in SETTINGS:
        text = setting.help.replace("%", "%%")
        if setting.default not in (None, (), False) and "default" not in text:
            shown = ",".join(setting.default) if setting.many else setting.default
            text += f" (default: {shown})"
        if setting.metavar:
            action = "append" if setting.many else "store"
            parser.add_argument(f"--{setting.name}", metavar=setting.metavar, action=action, help=text)
        else:
            parser.add_argument(f"--{setting.name}", action="store_true", help=text)


def run(chosen: argparse.Namespace) -> int:
    """Serve until a signal ends it; 3 when its output can't be written, Problem for a bad setting."""
    given = {name.replace("_", "-"): value for name, value in vars(chosen).items()}
    gc.disable()  # until it listens: what modules make while they load is there to stay
    settings = read(given, config=chosen.config)
    return int(import_module("klingmock.server").serve(settings))
