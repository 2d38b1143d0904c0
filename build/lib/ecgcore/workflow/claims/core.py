"""What a claim is, and how a condition reads the numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Numbers = dict[str, Any]  # as metrics.json holds them: entry to its numbers
Condition = Callable[[Numbers], bool]

HOLDS, BROKEN, UNKNOWN = "holds", "does not hold", "not yet computed"
CLAIMS: list["Claim"] = []  # filled by `claim`


@dataclass(frozen=True)
class Claim:
    """A sentence that interprets numbers, and the condition under which it may stand.

    page: a notebook (`03_evaluation`) or a page of `book/` (`discussion`); text: the phrase as it
    stands there, once; means: what the phrase is taken to say, in words that can be tested.
    """

    name: str
    page: str
    text: str
    means: str
    condition: Condition

    def verdict(self, numbers: Numbers) -> str:
        """HOLDS, BROKEN, or UNKNOWN where a number that the condition reads is not there.

        A profile of few records may lack a class, and then a score is undefined (None).
        """
        try:
            return HOLDS if self.condition(numbers) else BROKEN
        except (LookupError, TypeError, ValueError, ZeroDivisionError):
            return UNKNOWN


def claim(page: str, text: str) -> Callable[[Condition], Condition]:
    """Bind a phrase of a page to the condition below; its docstring says what the phrase means."""

    def bind(condition: Condition) -> Condition:
        means = " ".join((condition.__doc__ or "").split())
        CLAIMS.append(Claim(condition.__name__, page, text, means, condition))
        return condition

    return bind


def f1(numbers: Numbers, entry: str, letter: str) -> float:
    return numbers[entry]["per_class"][letter]["f1"]


def sensitivity(numbers: Numbers, entry: str, letter: str) -> float:
    return numbers[entry]["per_class"][letter]["sensitivity"]


def predictivity(numbers: Numbers, entry: str, letter: str) -> float:
    """Positive predictivity."""
    return numbers[entry]["per_class"][letter]["precision"]


def width(ends: list[float]) -> float:
    """Of an interval."""
    return ends[1] - ends[0]


def row(rows: Iterable[dict], **wanted: Any) -> dict:
    """The first row with these values. Raises LookupError if there is none.

    Blanks in the names of columns are underscores here.
    """
    for each in rows:
        if all(each[name.replace("_", " ")] == value for name, value in wanted.items()):
            return each
    raise LookupError(f"no row with {wanted}")


def rows(every: Iterable[dict], **wanted: Any) -> list[dict]:
    """All rows with these values."""
    return [r for r in every if all(r[k.replace("_", " ")] == v for k, v in wanted.items())]
