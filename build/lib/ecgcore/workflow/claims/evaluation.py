"""What 03_evaluation says of the two splits."""

from ecgcore.constants import CLASSES
from ecgcore.workflow.claims.core import Numbers, claim, f1, predictivity, sensitivity

SPLITS = ("random", "inter_patient")
RATES = (predictivity, sensitivity)
LITTLE = 0.25  # an F1 or a sensitivity below it is little


def _answers(numbers: Numbers, split: str, true: str) -> dict[str, float]:
    """Each class's share of the answers that the beats of a class were given."""
    given = numbers[split]["confusion"][CLASSES.index(true)]
    return {c: n / sum(given) for c, n in zip(CLASSES, given, strict=True)}


@claim("03_evaluation", "looks much like accuracy")
def weighted_f1_is_like_accuracy(numbers: Numbers) -> bool:
    """Weighted F1 is within five points of accuracy, macro-F1 of new patients is not."""
    near = [abs(numbers[s]["weighted_f1"] - numbers[s]["accuracy"]) < 0.05 for s in SPLITS]
    return all(near) and abs(numbers[SPLITS[1]]["macro_f1"] - numbers[SPLITS[1]]["accuracy"]) > 0.05


@claim("03_evaluation", "the network does well on all five classes")
def known_patients_do_well(numbers: Numbers) -> bool:
    """Under the random split no class has an F1 below 0.75."""
    return all(f1(numbers, "random", c) >= 0.75 for c in CLASSES)


@claim("03_evaluation", "every class suffers: N least")
def every_class_suffers(numbers: Numbers) -> bool:
    """The F1 of N, S, V and F is lower on new patients, and that of N falls least."""
    lost = {c: f1(numbers, "random", c) - f1(numbers, "inter_patient", c) for c in "NSVF"}
    return min(lost.values()) > 0 and min(lost, key=lost.get) == "N"


@claim("03_evaluation", "of S and F little is left")
def little_is_left_of_s_and_f(numbers: Numbers) -> bool:
    """The F1 of S and F is below 0.25 on new patients."""
    return all(f1(numbers, "inter_patient", c) < LITTLE for c in "SF")


@claim(
    "03_evaluation",
    "Every class falls under the inter-patient split, S and F most; Q is not scored",
)
def s_and_f_fall_most(numbers: Numbers) -> bool:
    """The F1 of S and of F falls further than that of N and of V; Q is not scored."""
    lost = {c: f1(numbers, "random", c) - f1(numbers, "inter_patient", c) for c in "NSVF"}
    most = sorted(lost, key=lost.get)[-2:]
    unscored = "Q" not in numbers["inter_patient"]["scored_classes"]
    return min(lost.values()) > 0 and set(most) == set("SF") and unscored


@claim("03_evaluation", "Under the random split S and F lose the largest shares")
def s_and_f_lose_most(numbers: Numbers) -> bool:
    """S and F have the lowest sensitivity of the five classes."""
    found = sorted(CLASSES, key=lambda c: sensitivity(numbers, "random", c))
    return set(found[:2]) == set("SF")


@claim("03_evaluation", "S to N, F to N and V, between which it lies")
def s_goes_to_n(numbers: Numbers) -> bool:
    """Three quarters of the wrong answers for S are N, and of those for F N or V."""
    s, f = (_answers(numbers, "random", c) for c in "SF")
    return s["N"] >= 0.75 * (1 - s["S"]) and f["N"] + f["V"] >= 0.75 * (1 - f["F"])


@claim("03_evaluation", "Under the inter-patient split most beats of S and F go astray")
def s_and_f_go_astray(numbers: Numbers) -> bool:
    """Fewer than half of the S and of the F beats of new patients are found."""
    return all(sensitivity(numbers, "inter_patient", c) < 0.5 for c in "SF")


@claim("03_evaluation", "under the inter-patient split most supraventricular and fusion beats")
def s_and_f_leave_the_diagonal(numbers: Numbers) -> bool:
    """Fewer than half of the S and of the F beats of new patients are found."""
    return s_and_f_go_astray(numbers)


@claim("03_evaluation", "N beats of unfamiliar shape are taken for S, V or F.")
def n_is_taken_for_others(numbers: Numbers) -> bool:
    """The share of N beats taken for S, V or F is at least five times that of the random split."""
    away = {s: 1 - _answers(numbers, s, "N")["N"] for s in SPLITS}
    return away["inter_patient"] >= 5 * away["random"]


@claim("03_evaluation", "its positive predictivity falls further than its sensitivity")
def predictivity_of_v_falls_further(numbers: Numbers) -> bool:
    """From split to split, V loses more positive predictivity than sensitivity."""
    lost = [of(numbers, "random", "V") - of(numbers, "inter_patient", "V") for of in RATES]
    return lost[0] > lost[1]


@claim(
    "03_evaluation", "S and F lose their sensitivity first: few of their beats are found at all."
)
def few_s_and_f_are_found(numbers: Numbers) -> bool:
    """On new patients the sensitivity for S and for F is below 0.25."""
    return all(sensitivity(numbers, "inter_patient", c) < LITTLE for c in "SF")


@claim("03_evaluation", "what V lacks is a threshold")
def v_lacks_a_threshold(numbers: Numbers) -> bool:
    """The best threshold lifts the F1 of V on new patients by more than three points."""
    best = numbers["inter_patient"]["best_f1"]["V"]
    return best - f1(numbers, "inter_patient", "V") > 0.03


@claim("03_evaluation", "What S and F lack is information.")
def s_and_f_lack_information(numbers: Numbers) -> bool:
    """No threshold gives S or F an F1 of 0.4 on new patients."""
    return all(numbers["inter_patient"]["best_f1"][c] < 0.4 for c in "SF")


@claim(
    "03_evaluation",
    "Curves reach the upper right corner under the random split and collapse for S and F under the "
    "inter-patient split.",
)
def curves_collapse(numbers: Numbers) -> bool:
    """At its best threshold every class has an F1 above 0.75 under the random split; on new
    patients S and F stay below 0.4."""
    best = numbers["random"]["best_f1"]
    return min(best.values()) > 0.75 and s_and_f_lack_information(numbers)
