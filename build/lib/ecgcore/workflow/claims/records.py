"""What 01_exploration says of the records, and 02_training of the curves."""

from ecgcore.workflow.claims.core import Numbers, claim


@claim("01_exploration", "one record that holds most supraventricular beats of the usual test set")
def s_of_ds2_is_one_records(numbers: Numbers) -> bool:
    """One record holds more than half of the S beats of DS2."""
    return numbers["exploration"]["S"]["DS2"] > 0.5


@claim("01_exploration", "one that holds most fusion beats of the usual training set")
def f_of_ds1_is_one_records(numbers: Numbers) -> bool:
    """One record holds more than half of the F beats of DS1."""
    return numbers["exploration"]["F"]["DS1"] > 0.5


@claim("01_exploration", "always answering N would already be right for most beats")
def most_beats_are_n(numbers: Numbers) -> bool:
    """More than half of all beats are N."""
    beats = {c: of["beats"] for c, of in numbers["exploration"].items() if c in "NSVFQ"}
    return beats["N"] > sum(beats.values()) / 2


@claim(
    "01_exploration",
    "V and Q differ most from N in shape, and the band of V is the widest",
)
def v_and_q_differ_in_shape(numbers: Numbers) -> bool:
    """The mean beats of V and Q lie furthest from that of N; the band of V is the widest."""
    of = numbers["exploration"]
    furthest = sorted("SVFQ", key=lambda c: of[c]["distance"])[-2:]
    return set(furthest) == {"V", "Q"} and max("NSVFQ", key=lambda c: of[c]["band"]) == "V"


@claim("01_exploration", "S differs least from N.")
def s_is_shaped_like_n(numbers: Numbers) -> bool:
    """The mean beat of S lies nearest to that of N."""
    of = numbers["exploration"]
    return min("SVFQ", key=lambda c: of[c]["distance"]) == "S"


@claim(
    "01_exploration",
    "S and V beats come early (left), and V beats are followed by a pause (right)",
)
def s_and_v_are_early(numbers: Numbers) -> bool:
    """The median interval before S and V is below 0.9 of the record's mean, before N it is not;
    after V it is above 1.1."""
    of = numbers["exploration"]
    early = all(of[c]["rr_before"] < 0.9 for c in "SV") and of["N"]["rr_before"] >= 0.9
    return early and of["V"]["rr_after"] > 1.1


@claim("02_training", "Under the random split, validation follows training")
def validation_follows(numbers: Numbers) -> bool:
    """At the end the validation loss is less than 1.5 times its lowest value."""
    return numbers["learning"]["random"]["val_loss_rise"] < 1.5


@claim("02_training", "training goes just as well")
def training_goes_as_well(numbers: Numbers) -> bool:
    """The training loss ends no more than a quarter above that of the random split."""
    of = numbers["learning"]
    return of["inter_patient"]["loss"] < 1.25 * of["random"]["loss"]


@claim("02_training", "validation on records that the network has not seen does not follow")
def validation_does_not_follow(numbers: Numbers) -> bool:
    """At the end the validation loss is more than three times the training loss."""
    of = numbers["learning"]["inter_patient"]
    return of["val_loss"] > 3 * of["loss"]


@claim("02_training", "its loss rises again while that of training falls")
def validation_loss_rises(numbers: Numbers) -> bool:
    """At the end the validation loss is more than 1.3 times its lowest value."""
    return numbers["learning"]["inter_patient"]["val_loss_rise"] > 1.3


@claim("02_training", "more epochs do not help")
def more_epochs_do_not_help(numbers: Numbers) -> bool:
    """The epoch that validation chose is not the last one."""
    of = numbers["inter_patient"]["training"]
    return of["best_epoch"] < of["epochs"]
