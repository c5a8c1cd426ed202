import pytest
from hypothesis import given
from hypothesis import strategies as st

from klingcontracts.table import GAP, NARROWEST, UNBOUNDED, table, terminal_width

HEADS = st.text(alphabet="ABC", min_size=1, max_size=20)
WORDS = st.text(alphabet="abcdefgh.-", min_size=1, max_size=20)
CELLS = st.lists(WORDS, max_size=12).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]], int]:
    columns = draw(st.integers(1, 5))
    heads = draw(st.lists(HEADS, min_size=columns, max_size=columns))
    rows = draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), max_size=6))
    return heads, rows, draw(st.integers(1, 160))


def split(text: str) -> tuple[list[str], list[tuple[int, int]], list[str]]:
    """The lines of the heads, where each column begins and ends, and the lines of the rows."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if set(line) <= {"-", " "})
    columns, start = [], 0
    for dashes in lines[at].split(GAP):
        columns.append((start, start + len(dashes)))
        start += len(dashes) + len(GAP)
    return lines[:at], columns, lines[at + 1 :]


@given(tables())
def test_every_line_fits_when_it_can(made) -> None:
    heads, rows, width = made
    room = max(width, len(heads) * NARROWEST + (len(heads) - 1) * len(GAP))
    assert all(len(line) <= room for line in table(heads, rows, width).splitlines())


@given(tables())
def test_nothing_is_lost_and_nothing_leaves_its_column(made) -> None:
    heads, rows, width = made
    above, columns, below = split(table(heads, rows, width))
    assert len(columns) == len(heads)
    for column, (start, end) in enumerate(columns):
        for lines, cells in ((above, [heads[column]]), (below, [row[column] for row in rows])):
            told = "".join(line[start:end] for line in lines)
            assert told.replace(" ", "") == "".join(cells).replace(" ", "")


def test_a_wide_terminal_shows_each_row_on_one_line() -> None:
    assert table(("name", "what"), [("a", "one two"), ("bcdef", "")], 80) == (
        "name   what\n-----  -------\na      one two\nbcdef"
    )


def test_the_widest_column_gives_way_first() -> None:
    told = table(("id", "text"), [("short", "word " * 30)], 40).splitlines()
    assert all(line.startswith("       word") for line in told[3:])
    assert len(told) > 4


def test_no_rows_and_a_terminal_that_is_too_narrow() -> None:
    assert table(("a", "b"), [], 80) == "a  b\n-  -"
    assert max(map(len, table(("a", "b"), [("x" * 30, "y" * 30)], 1).splitlines())) == 2 * NARROWEST + len(
        GAP
    )


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("0", UNBOUNDED)])
def test_the_terminals_width(monkeypatch, columns, width) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: (_ for _ in ()).throw(OSError))
    assert terminal_width() == width


def test_the_terminals_width_is_the_default(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = table(("a",), [("word " * 40,)])
    assert 50 < max(map(len, text.splitlines())) <= 60


@given(tables(), st.data())
def test_a_column_that_is_to_stay_whole_is_never_wrapped(made, data) -> None:
    heads, rows, width = made
    heads = [f"{head}{place}" for place, head in enumerate(heads)]  # each can be named
    whole = data.draw(st.lists(st.sampled_from(heads), unique=True))
    _, columns, below = split(table(heads, rows, width, whole))
    for place, (start, end) in enumerate(columns):
        if heads[place] in whole:
            told = [line[start:end].strip() for line in below]
            assert [cell for cell in told if cell] == [row[place] for row in rows if row[place]]
        else:
            assert end - start <= max(
                NARROWEST, *(len(cell) for cell in (heads[place], *(r[place] for r in rows)))
            )


def test_the_other_columns_give_way_for_one_that_stays_whole() -> None:
    told = table(("id", "text"), [("a-rule." * 6, "word " * 30)], 60, whole=["id"])
    assert "a-rule." * 6 in told
    assert max(map(len, told.splitlines())) <= 60
    alone = table(("id",), [("a-rule." * 6,)], 10, whole=["id"])
    assert alone.splitlines()[2] == "a-rule." * 6


def test_columns_that_need_as_much_get_as_much() -> None:
    told = table(("id", "seen", "documented", "advice"), [("a", "s " * 60, "d " * 60, "v " * 60)], 100)
    sizes = [len(dashes) for dashes in told.splitlines()[1].split(GAP)]
    assert sum(sizes) + len(GAP) * 3 == 100
    assert max(sizes[1:]) - min(sizes[1:]) <= 1


@given(tables())
def test_a_column_is_never_wider_than_it_needs_and_the_narrower_ones_lose_nothing(made) -> None:
    heads, rows, width = made
    needs = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    _, columns, _ = split(table(heads, rows, width))
    sizes = [end - start for start, end in columns]
    assert all(size <= max(need, 1) for size, need in zip(sizes, needs, strict=True))
    cut = [size for size, need in zip(sizes, needs, strict=True) if size < need]
    # Who gives way is not left with less than another that does: at most a character of a remainder.
    assert max(cut, default=0) - min(cut, default=0) <= 1
    assert all(size <= max(cut) for size, need in zip(sizes, needs, strict=True) if size == need and cut)
