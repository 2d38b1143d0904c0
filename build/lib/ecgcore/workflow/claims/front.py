"""What the first page says: the abstract, and its figure."""

from ecgcore.workflow.claims.core import Numbers, claim, f1


@claim("index", "What it lacks is context.")
def what_it_lacks_is_context(numbers: Numbers) -> bool:
    """Over all 44 records the model with context has a higher accuracy, and an F1 of S higher by
    more than 0.3, than the network that sees one beat; its F1 of V is higher too."""
    context, one = "crossval_records", "patients"
    return (
        numbers[context]["accuracy"] > numbers[one]["accuracy"]
        and f1(numbers, context, "S") - f1(numbers, one, "S") > 0.3
        and f1(numbers, context, "V") > f1(numbers, one, "V")
    )


@claim("index", "The second bars are far lower than the first, above all for S and F")
def bars_are_far_lower(numbers: Numbers) -> bool:
    """Macro-F1 of new patients is less than two thirds of that of known ones, and the F1 of S and F
    falls further than that of N and V."""
    lost = {c: f1(numbers, "random", c) - f1(numbers, "inter_patient", c) for c in "NSVF"}
    lower = numbers["inter_patient"]["macro_f1"] < numbers["random"]["macro_f1"] * 2 / 3
    return lower and min(lost["S"], lost["F"]) > max(lost["N"], lost["V"])
