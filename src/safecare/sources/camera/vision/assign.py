"""Which row goes with which column so that the sum of costs is least.

Source: the Hungarian method with shortest augmenting paths (Jonker and Volgenant, Computing 38, 1987), row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def assign(cost: NDArray[np.float64], most: float = float("inf")) -> list[tuple[int, int]]:
    """Return the pairs (row, column) of the cheapest assignment whose own cost is below `most`, by row.

    A pair that costs `most` or more counts as `most` each, so that a forbidden pair never pushes out two allowed ones.
    """
    import numpy as np

    if not cost.size:
        return []
    bounded = np.minimum(cost, min(most, 1e9))
    turned = bounded.shape[0] > bounded.shape[1]
    pairs = _cheapest(bounded.T if turned else bounded)
    found = sorted((column, row) if turned else (row, column) for row, column in pairs)
    return [(row, column) for row, column in found if cost[row, column] < most]


def _cheapest(cost: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Assign each row of `cost`, which has no more rows than columns."""
    import numpy as np

    rows, columns = cost.shape
    of_row, of_column = np.zeros(rows + 1), np.zeros(columns + 1)
    holder = np.zeros(columns + 1, np.int64)  # row (from 1) that holds each column; column 0 is where a search begins
    for row in range(1, rows + 1):
        holder[0], column = row, 0
        least = np.full(columns + 1, np.inf)
        came = np.zeros(columns + 1, np.int64)
        used = np.zeros(columns + 1, bool)
        while holder[column]:
            used[column] = True
            here = holder[column]
            reach = cost[here - 1] - of_row[here] - of_column[1:]
            better = ~used[1:] & (reach < least[1:])
            least[1:][better] = reach[better]
            came[1:][better] = column
            nearest = int(np.argmin(np.where(used, np.inf, least)[1:])) + 1
            step = least[nearest]
            of_row[holder[used]] += step
            of_column[used] -= step
            least[~used] -= step
            column = nearest
        while column:
            holder[column] = holder[came[column]]
            column = int(came[column])
    return [(int(holder[column]) - 1, column - 1) for column in range(1, columns + 1) if holder[column]]
