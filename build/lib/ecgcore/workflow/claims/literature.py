"""What 05_literature says of this work among the published figures."""

from ecgcore.workflow.claims.core import Numbers, claim, f1
from ecgcore.workflow.claims.studies import no_treatment_helps

# The lowest F1 of S and V among the comparable studies of book/literature.csv, of either
# generation: those up to 2019, and those from 2020 on. A test computes them from the table.
FIRST = {"S": 0.448, "V": 0.707}
SECOND = {"S": 0.731, "V": 0.897}


@claim("05_literature", "lies at the lower left, below classifiers that are far simpler")
def one_beat_is_below_the_simple(numbers: Numbers) -> bool:
    """On new patients the F1 of S and of V of the single-beat network is lower than that of every
    comparable study."""
    return all(f1(numbers, "inter_patient", c) < FIRST[c] for c in "SV")


@claim("05_literature", "this work's network for single beats lies at the lower left")
def the_point_is_at_the_lower_left(numbers: Numbers) -> bool:
    """As the text about the single-beat network."""
    return one_beat_is_below_the_simple(numbers)


@claim("05_literature", "and lies among the second generation")
def rhythm_is_among_the_second(numbers: Numbers) -> bool:
    """The F1 of S and of V of the rhythm model is at least that of the lowest study since 2020, or
    within three points of it."""
    return all(f1(numbers, "inter_patient_rhythm", c) > SECOND[c] - 0.03 for c in "SV")


@claim("05_literature", "with an interval that spans most of the others")
def its_interval_spans_the_others(numbers: Numbers) -> bool:
    """The interval of its F1 of S reaches from below the first generation to above the second's
    lowest."""
    low, high = numbers["inter_patient_rhythm"]["per_class"]["S"]["f1_ci95"]
    return low < FIRST["S"] and high > SECOND["S"]


@claim("05_literature", "This work's single-beat network loses more than either")
def one_beat_loses_more(numbers: Numbers) -> bool:
    """From split to split its accuracy falls by more than 13 points, as theirs does not."""
    return numbers["random"]["accuracy"] - numbers["inter_patient"]["accuracy"] > 0.13


@claim("05_literature", "Two rows ask what this work asks, and both are a little above it")
def two_rows_are_a_little_above(numbers: Numbers) -> bool:
    """Under the random split its accuracy is below that of the two comparable studies (99.48 %), by
    less than two points."""
    return 0 < 0.9948 - numbers["random"]["accuracy"] < 0.02


@claim("05_literature", "and the claim about it does not hold")
def balancing_does_not_help(numbers: Numbers) -> bool:
    """No F1 is higher with balancing than without."""
    return no_treatment_helps(numbers)
