"""What the pitfalls and the discussion make of it all."""

from statistics import median

from ecgcore.workflow.claims.core import Numbers, claim, f1, sensitivity
from ecgcore.workflow.claims.errors import error_is_large_in_a_few
from ecgcore.workflow.claims.rhythm import f_belongs_to_two_patients
from ecgcore.workflow.claims.studies import ONE_BEAT, macro


@claim("pitfalls", "Under the random split the temptation is smaller")
def temptation_is_smaller(numbers: Numbers) -> bool:
    """Under the random split the best threshold for S gives at most three points more than the
    network's own answers."""
    return numbers["random"]["best_f1"]["S"] - f1(numbers, "random", "S") < 0.03


@claim("pitfalls", "Since most beats are N, overall accuracy says little too")
def always_n_is_accurate(numbers: Numbers) -> bool:
    """Always N is right for over 80 % of the beats of new patients; its macro-F1 is below 0.3."""
    _, constant = numbers["uncertainty"]["kinds_of_accuracy"]["inter_patient"]
    return constant["accuracy"] > 0.8 and constant["macro-F1"] < 0.3


@claim("discussion", "accuracy alone says next to nothing here")
def accuracy_says_nothing(numbers: Numbers) -> bool:
    """Accuracy of the network on new patients is not above that of always N."""
    network, constant = numbers["uncertainty"]["kinds_of_accuracy"]["inter_patient"]
    return network["accuracy"] <= constant["accuracy"]


@claim("discussion", "a few patients for whom a third of the beats or more go wrong")
def a_few_patients_go_wrong(numbers: Numbers) -> bool:
    """As the chapter on errors has it."""
    return error_is_large_in_a_few(numbers)


@claim("discussion", "Under the random split most S beats are found all the same")
def most_s_are_found(numbers: Numbers) -> bool:
    """Under the random split more than half of the S beats are found, on new patients fewer."""
    found = [sensitivity(numbers, s, "S") for s in ("random", "inter_patient")]
    return found[0] > 0.5 > found[1]


@claim("discussion", "Almost all F beats of the training half come from a single record")
def f_is_one_patients(numbers: Numbers) -> bool:
    """One record holds at least 85 % of the F beats, in either half."""
    return f_belongs_to_two_patients(numbers)


@claim(
    "discussion",
    "one record holds three quarters of its S beats, another nearly all of its F beats",
)
def one_record_holds_s(numbers: Numbers) -> bool:
    """Between 70 % and 80 % of the S beats of DS2, and at least 85 % of its F beats."""
    of = numbers["exploration"]
    return 0.7 < of["S"]["DS2"] < 0.8 and of["F"]["DS2"] >= 0.85


@claim("discussion", "than from any other network or setting that was tried on single beats")
def context_gains_most(numbers: Numbers) -> bool:
    """The median macro-F1 with context is above the median of the five seeds by more than the best
    other network of single beats is above the CNN-LSTM, with as few epochs each."""
    with_context, without = (
        median(each["macro_f1"] for each in numbers[e]["seeds"])
        for e in ("random_context", "random")
    )
    few = max(macro(numbers, name) for name in ONE_BEAT)
    return with_context > without and macro(numbers, "CNN-LSTM, RR + beat before") > few


@claim("discussion", "F cannot be learnt at all")
def f_cannot_be_learnt(numbers: Numbers) -> bool:
    """Over all 44 records the F1 of F is below 0.1, with and without context."""
    return all(f1(numbers, entry, "F") < 0.1 for entry in ("patients", "crossval_records"))
