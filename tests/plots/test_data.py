"""The data of a figure are what was drawn."""

import numpy as np
import pytest

from ecgcore.plots.data import table
from ecgcore.plots.style import canvas


def test_lines_bars_points_and_cells_come_back():
    _, (one, two, three) = canvas(1, 3)
    one.plot([0, 1], [2, 3], label="V")
    one.axhline(0.5)  # a mark, no data
    one.set_title("first")
    two.bar([0, 1], [5, 7])
    two.scatter([1.5], [2.5], label="here")
    three.imshow(np.array([[1.0, 2.0], [3.0, 4.0]]))
    found = table(one.figure)
    line = found[found["kind"] == "line"]
    assert line[["panel", "series", "x", "y"]].to_numpy().tolist() == [
        ["first", "V", 0, 2],
        ["first", "V", 1, 3],
    ]
    assert found[found["kind"] == "bar"]["value"].tolist() == [5, 7]
    points = found[found["kind"] == "points"]
    assert points[["series", "x", "y"]].to_numpy().tolist() == [["here", 1.5, 2.5]]
    cells = found[found["kind"] == "cell"].set_index(["y", "x"])["value"]
    assert cells[1, 0] == 3.0 and len(cells) == 4


@pytest.mark.parametrize("horizontal", [True, False])
def test_bars_tell_their_length_whichever_way_they_lie(horizontal):
    _, ax = canvas()
    (ax.barh if horizontal else ax.bar)([0, 1, 2], [4, 0, 6])
    assert table(ax.figure)["value"].tolist() == [4, 0, 6]
