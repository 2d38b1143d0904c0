"""What 06_uncertainty says of intervals, calibration and thresholds."""

from ecgcore.constants import CLASSES
from ecgcore.workflow.claims.core import Numbers, claim, f1, row, rows, width

HEADLINES = ("accuracy_ci95", "macro_f1_ci95")


def _widths(numbers: Numbers, split: str, letters: str) -> dict[str, float]:
    """How wide the intervals of the F1 of some classes are."""
    per_class = numbers[split]["per_class"]
    return {c: width(per_class[c]["f1_ci95"]) for c in letters}


@claim("06_uncertainty", "only the rare classes S and F leave some")
def rare_classes_leave_some(numbers: Numbers) -> bool:
    """Under the random split the F1 of S and F has the widest intervals of the five classes."""
    widths = _widths(numbers, "random", "".join(CLASSES))
    return set(sorted(widths, key=widths.get)[-2:]) == set("SF")


@claim(
    "06_uncertainty",
    "Under the inter-patient split they are long, for accuracy, for macro-F1 and for the F1 of N, "
    "S and V",
)
def intervals_of_new_patients_are_long(numbers: Numbers) -> bool:
    """Each of these intervals is more than twice as wide as under the random split."""
    known, new = (
        [width(numbers[s][h]) for h in HEADLINES] + list(_widths(numbers, s, "NSV").values())
        for s in ("random", "inter_patient")
    )
    return all(b > 2 * a for a, b in zip(known, new, strict=True))


@claim("06_uncertainty", "the F1 of F has no room to fall")
def f_has_no_room(numbers: Numbers) -> bool:
    """The F1 of F on new patients is below 0.1."""
    return f1(numbers, "inter_patient", "F") < 0.1


@claim("06_uncertainty", "those of the inter-patient split several times as long, but for F")
def whiskers_are_long(numbers: Numbers) -> bool:
    """As the text about the intervals of new patients."""
    return intervals_of_new_patients_are_long(numbers) and f_has_no_room(numbers)


@claim("06_uncertainty", "Drawing records widens the distribution many times.")
def records_widen(numbers: Numbers) -> bool:
    """Under the inter-patient split the interval of macro-F1 is more than three times as wide when
    records are drawn."""
    of = numbers["uncertainty"]["units"]["inter_patient"]
    return width(of["record"]) > 3 * width(of["beat"])


@claim("06_uncertainty", "Under the random split it also adds a tail of low values")
def records_add_a_tail(numbers: Numbers) -> bool:
    """Drawing records, macro-F1 of the random split reaches further below its median than above."""
    low, high, median = numbers["uncertainty"]["units"]["random"]["record"]
    return median - low > high - median


def _calibrated(numbers: Numbers, split: str, scaling: str) -> dict:
    return row(numbers["uncertainty"]["calibration"], split=split, scaling=scaling)


@claim("06_uncertainty", "so what they teach carries over")
def temperature_carries_over(numbers: Numbers) -> bool:
    """Under the random split, scaling by the temperature does not raise the calibration error."""
    return (
        _calibrated(numbers, "random", "after")["ece"]
        <= _calibrated(numbers, "random", "before")["ece"]
    )


@claim("06_uncertainty", "says only in part how it is with the next")
def temperature_does_not_carry_over(numbers: Numbers) -> bool:
    """On new patients a calibration error of more than five times that of known ones is left."""
    left = [_calibrated(numbers, s, "after")["ece"] for s in ("random", "inter_patient")]
    return left[1] > 5 * left[0]


@claim("06_uncertainty", "under the inter-patient split they lie below it, before and after")
def new_patients_lie_below_the_diagonal(numbers: Numbers) -> bool:
    """On new patients mean confidence exceeds accuracy, before and after scaling, and most beats
    lie in bins in which it does; under the random split they are within a point."""
    stages = [_calibrated(numbers, "inter_patient", s) for s in ("before", "after")]
    bins = numbers["uncertainty"]["reliability"]["inter_patient"]
    below = sum(b["beats"] for b in bins if b["accuracy"] < b["confidence"])
    known = _calibrated(numbers, "random", "before")
    return (
        all(s["confidence"] > s["accuracy"] for s in stages)
        and 2 * below > sum(b["beats"] for b in bins)
        and abs(known["confidence"] - known["accuracy"]) < 0.01
    )


def _moved(point: dict) -> float:
    """How far the test point of a rule lies from what validation promised."""
    rates = ("sensitivity", "positive predictivity")
    return sum((point[f"test {r}"] - point[f"validation {r}"]) ** 2 for r in rates) ** 0.5


@claim(
    "06_uncertainty",
    "Under the random split the arrows of {numref}`fig-operating` are short: a threshold keeps its "
    "promise",
)
def thresholds_keep_their_promise(numbers: Numbers) -> bool:
    """Under the random split no point moves by more than 0.1."""
    points = rows(numbers["uncertainty"]["operating_points"], split="random")
    return max(map(_moved, points)) < 0.1


@claim("06_uncertainty", "On new patients those of V are long")
def thresholds_of_v_do_not(numbers: Numbers) -> bool:
    """On new patients every point of V moves by more than 0.2."""
    points = rows(
        numbers["uncertainty"]["operating_points"], split="inter_patient", **{"class": "V"}
    )
    return min(map(_moved, points)) > 0.2


@claim("06_uncertainty", "hardly an S beat can be told from the others at any threshold")
def s_is_bad_on_validation_too(numbers: Numbers) -> bool:
    """The threshold with the highest F1 for S on the validation records gives less than 0.25."""
    points = numbers["uncertainty"]["operating_points"]
    return row(points, split="inter_patient", **{"class": "S"})["validation f1"] < 0.25


@claim(
    "06_uncertainty",
    "Under the random split the arrows from validation to test points are short; under the "
    "inter-patient split those of V are long, and those of S begin and end near the bottom.",
)
def arrows(numbers: Numbers) -> bool:
    """As the text about the arrows, and on test beats S stays below a positive predictivity of
    0.25."""
    points = rows(
        numbers["uncertainty"]["operating_points"], split="inter_patient", **{"class": "S"}
    )
    return (
        thresholds_keep_their_promise(numbers)
        and thresholds_of_v_do_not(numbers)
        and s_is_bad_on_validation_too(numbers)
        and all(p["test positive predictivity"] < 0.25 for p in points)
    )


@claim("06_uncertainty", "a modest share of beats handed over catches a large part of the errors")
def a_modest_share_catches_errors(numbers: Numbers) -> bool:
    """On known patients some rule hands over less than a tenth of the beats and more than half of
    the errors."""
    points = rows(numbers["uncertainty"]["selective_prediction"], split="random")
    return any(p["test left"] < 0.1 and p["test errors left"] > 0.5 for p in points)


@claim("06_uncertainty", "Abstaining helps ({numref}`fig-abstaining`)")
def abstaining_helps(numbers: Numbers) -> bool:
    """Every rule leaves the network more accurate on the accepted test beats than on all."""
    whole = {s: numbers[s]["accuracy"] for s in ("random", "inter_patient")}
    points = numbers["uncertainty"]["selective_prediction"]
    return all(p["test accuracy"] > whole[p["split"]] for p in points)


@claim("06_uncertainty", "a promise made on some patients is not kept on the next.")
def the_promise_is_not_kept(numbers: Numbers) -> bool:
    """On new patients the first rule reaches less on test beats than on validation beats, by more
    than a point."""
    first = row(numbers["uncertainty"]["selective_prediction"], split="inter_patient")
    return first["validation accuracy"] - first["test accuracy"] > 0.01


@claim(
    "06_uncertainty",
    "Even the surest half is right less often than all answers together under the random split",
)
def the_surest_half_is_worse(numbers: Numbers) -> bool:
    """On new patients the surest half of the answers is less often right than all on known ones."""
    of = numbers["uncertainty"]["surest"]
    return of["inter_patient"]["half"] < of["random"]["all"]


@claim("06_uncertainty", "describes hardly anybody")
def gross_predictivity_describes_nobody(numbers: Numbers) -> bool:
    """At most a quarter of the records lie within five points of the gross positive predictivity
    for VEB."""
    of = numbers["uncertainty"]["ec57"]["spread"]["VEB +P"]
    return of["near"] <= of["records"] / 4


@claim("06_uncertainty", "For VEB most dots are high, for SVEB most are near zero")
def dots(numbers: Numbers) -> bool:
    """In more than half of the records with VEB sensitivity is above 0.75; in more than half of
    those with SVEB it is below 0.25."""
    single = numbers["uncertainty"]["ec57"]["records"][:-2]
    veb = [r["VEB Se"] for r in single if r["VEB beats"]]
    sveb = [r["SVEB Se"] for r in single if r["SVEB beats"]]
    return 2 * sum(v > 0.75 for v in veb) > len(veb) and 2 * sum(v < 0.25 for v in sveb) > len(sveb)


def _variant(numbers: Numbers, records: str) -> dict:
    return row(numbers["uncertainty"]["variants"], records=records, scoring="all beats")


@claim("06_uncertainty", "small against the width of the intervals")
def the_shared_man_changes_little(numbers: Numbers) -> bool:
    """Leaving out 202 moves accuracy by less than a quarter of the interval's width."""
    whole, without = (_variant(numbers, r) for r in ("all", "without 202"))
    wide = whole["accuracy high"] - whole["accuracy low"]
    return abs(whole["accuracy"] - without["accuracy"]) < wide / 4


@claim("06_uncertainty", "one patient decides what is found out about S")
def one_patient_decides_s(numbers: Numbers) -> bool:
    """Leaving out 232 changes the F1 of S by more than a quarter of it."""
    whole, without = (_variant(numbers, r)["f1_S"] for r in ("all", "without 232"))
    return abs(without - whole) > whole / 4


@claim(
    "06_uncertainty", "Only macro-F1 tells the constant answer from a classifier at first sight."
)
def only_macro_f1_tells(numbers: Numbers) -> bool:
    """On new patients always N is right at least as often as the network, by both accuracies; its
    macro-F1 is lower by more than five points."""
    network, constant = numbers["uncertainty"]["kinds_of_accuracy"]["inter_patient"]
    kinds = ("accuracy", "one-vs-rest average")
    blind = all(constant[k] >= network[k] for k in kinds)
    return blind and network["macro-F1"] - constant["macro-F1"] > 0.05


@claim("06_uncertainty", "The one-vs-rest average is above ninety per cent everywhere")
def one_vs_rest_is_high(numbers: Numbers) -> bool:
    """The one-vs-rest average is above 0.9 for network and constant answer under both splits."""
    kinds = numbers["uncertainty"]["kinds_of_accuracy"]
    return all(k["one-vs-rest average"] > 0.9 for s in kinds.values() for k in s)


@claim("06_uncertainty", "almost without exception copies of training beats")
def copies(numbers: Numbers) -> bool:
    """More than 95 % of the test beats of S, V and F would have a copy in training."""
    leaks = {each["class"]: each for each in numbers["uncertainty"]["leaks"]}
    return all(leaks[c]["test beats with a copy in training"] > 0.95 for c in "SVF")


@claim("06_uncertainty", "that holds an ectopic beat nearly always holds others as well")
def sequences_are_mixed(numbers: Numbers) -> bool:
    """Of the true sequences that hold S, V or F, fewer than a tenth hold nothing else."""
    leaks = {each["class"]: each for each in numbers["uncertainty"]["leaks"]}
    return all(leaks[c]["true sequences of this class only"] < 0.1 for c in "SVF")
