"""klingmock serve: its flags are those of the settings."""

from klingmock import server


def test_flags_reach_the_server(run, monkeypatch):
    seen = []
    monkeypatch.setattr(server, "serve", lambda settings: seen.append(settings) or 0)
    flags = [
        "--port",
        "0",
        "--revision",
        "2026-04",
        "--revision",
        "2026-07",
        "--no-limits",
        "--api-key",
        "a,b",
    ]
    assert run("serve", *flags) == (0, "", "")
    [found] = seen
    assert (found.port, found.revision, found.no_limits) == (0, ("2026-04", "2026-07"), True)
    assert found.api_key == ("a,b",)
