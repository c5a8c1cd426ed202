"""Request bodies that no client means to send: cut short, not JSON, JSON that parsers quarrel about."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_DEEP = (10, 64, 65, 1000, 100_000)


def hostile(bodies: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    """Bytes made from these bodies, or from nothing."""
    texts = bodies.map(lambda body: json.dumps(body, ensure_ascii=False))
    changed = st.builds(lambda text, change: change(text), texts, st.sampled_from(_CHANGES))
    cut = st.builds(lambda text, share: text.encode()[: int(len(text) * share)], texts, st.floats(0, 0.99))
    flipped = st.builds(_flipped, texts.map(str.encode), st.integers(0), st.integers(1, 255))
    deep = st.builds(_nested, st.sampled_from(_DEEP), st.sampled_from([b'{"a":', b"["]))
    return st.one_of(st.sampled_from(_FIXED), changed, cut, flipped, deep, st.binary(max_size=64))


def _flipped(raw: bytes, place: int, bits: int) -> bytes:
    place %= len(raw)
    return raw[:place] + bytes([raw[place] ^ bits]) + raw[place + 1 :]


def _nested(depth: int, opening: bytes) -> bytes:
    return opening * depth


_CHANGES: tuple[Callable[[str], bytes], ...] = (
    lambda text: text.encode("utf-16"),
    lambda text: text.encode("utf-8-sig"),
    lambda text: text.encode("utf-32"),
    lambda text: text.encode("latin-1", "replace"),
    lambda text: text.encode() * 2,
    lambda text: text.encode() + b"\0",
    lambda text: f"// a comment\n{text}".encode(),
    lambda text: text.replace('"', "'").encode(),
    lambda text: f"{text[:-1]},}}".encode(),
    lambda text: f'{text[:-1]},"image":"https://example.com/again.jpg"}}'.encode(),
    lambda text: f'{text[:-1]},"cfg_scale":NaN}}'.encode(),
    lambda text: f'{text[:-1]},"cfg_scale":1e999}}'.encode(),
    lambda text: f'{text[:-1]},"prompt":"\\ud800"}}'.encode(),
    lambda text: f'{text[:-1]},"prompt":"a\tb\nc"}}'.encode(),
    lambda text: f'{text[:-1]},"duration":{"9" * 5000}}}'.encode(),
)
_FIXED = (
    *(b"", b" ", b"null", b"{}", b"[]", b"0", b'""', b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\0"),
    *(b"image=https%3A%2F%2Fexample.com%2Fmountain.jpg", b"--x\r\n\r\n--x--", b"{'image': 'x'}", b"<image/>"),
)
