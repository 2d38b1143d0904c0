"""What 04_error_analysis says of the errors."""

from ecgcore.workflow.claims.core import Numbers, claim

SPLITS = ("random", "inter_patient")


@claim("04_error_analysis", "a few kinds of confusion make up most of them")
def few_kinds_make_up_most(numbers: Numbers) -> bool:
    """Under either split the three most frequent kinds are more than half of the errors."""
    return all(numbers["errors"][s]["three"] > 0.5 for s in SPLITS)


@claim("04_error_analysis", "N takes part in nearly all")
def n_takes_part(numbers: Numbers) -> bool:
    """Under either split, more than 80 % of the wrong answers are N, or of N beats."""
    return all(numbers["errors"][s]["with_n"] > 0.8 for s in SPLITS)


@claim("04_error_analysis", "it is moderate in most records")
def error_is_moderate_in_most(numbers: Numbers) -> bool:
    """On new patients the median record has fewer than 15 % of its beats wrong."""
    return numbers["errors"]["inter_patient"]["median"] < 0.15


@claim("04_error_analysis", "and large in a few:")
def error_is_large_in_a_few(numbers: Numbers) -> bool:
    """On new patients at least one record, and fewer than a quarter of them, has a third of its
    beats wrong or more; under the random split none has."""
    known, new = (numbers["errors"][s] for s in SPLITS)
    return known["hard"] == 0 and 0 < new["hard"] < new["records"] / 4


@claim(
    "04_error_analysis",
    "Under the inter-patient split a few records have a third of their beats or more misclassified",
)
def bars_of_a_few_are_high(numbers: Numbers) -> bool:
    """As the text about the records."""
    return error_is_large_in_a_few(numbers)


@claim("04_error_analysis", "Record 232 is another matter")
def record_232_is_s(numbers: Numbers) -> bool:
    """Record 232 is among the worst, and mostly its S beats are taken for N."""
    worst = {each["record"]: each["kind"] for each in numbers["errors"]["inter_patient"]["worst"]}
    return worst.get("232") == "S taken for N"


@claim("04_error_analysis", "confidence separates right from wrong fairly well")
def confidence_separates(numbers: Numbers) -> bool:
    """Under the random split the area under the ROC curve is above 0.9."""
    return numbers["errors"]["random"]["auc"] > 0.9


@claim("04_error_analysis", "On new patients it separates them less well")
def confidence_separates_less(numbers: Numbers) -> bool:
    """On new patients that area is smaller by more than 0.05."""
    known, new = (numbers["errors"][s]["auc"] for s in SPLITS)
    return known - new > 0.05


@claim("04_error_analysis", "many wrong answers are given with high confidence")
def wrong_with_confidence(numbers: Numbers) -> bool:
    """On new patients more than a quarter of the wrong answers have a probability above 0.9."""
    of = numbers["errors"]["inter_patient"]
    return of["sure"]["0.9"] > of["wrong"] / 4


@claim("04_error_analysis", "under the inter-patient split, many lie near one as well")
def wrong_answers_lie_near_one(numbers: Numbers) -> bool:
    """On new patients more than a quarter of the wrong answers have a probability above 0.9."""
    return wrong_with_confidence(numbers)


@claim("04_error_analysis", "the others are right less often than all are under the random split")
def half_left_is_not_enough(numbers: Numbers) -> bool:
    """On new patients the surest half of the answers is less often right than all on known ones."""
    of = numbers["uncertainty"]["surest"]
    return of["inter_patient"]["half"] < of["random"]["all"]


@claim("04_error_analysis", "makes the rest more reliable under both splits")
def abstaining_makes_reliable(numbers: Numbers) -> bool:
    """Under both splits the surest half of the answers is more often right than all of them."""
    of = numbers["uncertainty"]["surest"]
    return all(of[s]["half"] > of[s]["all"] for s in SPLITS)


@claim("04_error_analysis", "seen alone, they *are* such beats")
def mistakes_resemble_what_they_were_taken_for(numbers: Numbers) -> bool:
    """Under the random split more than half of the misclassified beats are nearest to a right beat
    of the class they were taken for."""
    return numbers["errors"]["random"]["resembling"] > 0.5
