"""The benchmark: what the fake costs beside a bare server and beside a fake written by hand."""
