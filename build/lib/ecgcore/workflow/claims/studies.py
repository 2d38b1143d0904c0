"""What 09_studies says of seeds, baselines and settings."""

from ecgcore.constants import CLASSES
from ecgcore.workflow.claims.core import Numbers, claim, f1, row, rows

ONE_BEAT = ("CNN-LSTM", "CNN", "LSTM", "ResNet", "CNN-LSTM, attention")


def _seeds(numbers: Numbers, entry: str, number: str) -> list[float]:
    return [each[number] for each in numbers[entry]["seeds"]]


def seeds_span(numbers: Numbers) -> float:
    """By how much macro-F1 differs between seeds."""
    scores = _seeds(numbers, "random", "macro_f1")
    return max(scores) - min(scores)


@claim("09_studies", "the worst seed with them is better than the best without")
def worst_with_beats_best_without(numbers: Numbers) -> bool:
    """In accuracy and in macro-F1."""
    return all(
        min(_seeds(numbers, "random_context", n)) > max(_seeds(numbers, "random", n))
        for n in ("accuracy", "macro_f1")
    )


@claim("09_studies", "The second group lies clearly above the first in both panels.")
def second_group_lies_above(numbers: Numbers) -> bool:
    """In accuracy and in macro-F1, the worst of the second group is above the best of the first."""
    return worst_with_beats_best_without(numbers)


@claim("09_studies", "in fewer epochs, and the worst seed")
def fewer_epochs(numbers: Numbers) -> bool:
    """The network with context was trained for fewer epochs."""
    epochs = [numbers[e]["training"]["epochs"] for e in ("random", "random_context")]
    return epochs[1] < epochs[0]


@claim("09_studies", "a little more than the {glue:text}`study_patients_always:s` of always")
def a_little_more_than_always_n(numbers: Numbers) -> bool:
    """Accuracy over the 44 records exceeds the share of N by less than five points."""
    of = numbers["patients"]
    return 0 < of["accuracy"] - of["counts"]["N"] / of["n_beats"] < 0.05


@claim("09_studies", "Ventricular beats of strangers are often found")
def v_is_often_found(numbers: Numbers) -> bool:
    """The F1 of V over the 44 records is above 0.6."""
    return f1(numbers, "patients", "V") > 0.6


@claim("09_studies", "supraventricular and fusion beats hardly ever")
def s_and_f_are_hardly_found(numbers: Numbers) -> bool:
    """The F1 of S and of F over the 44 records is below 0.1."""
    return all(f1(numbers, "patients", c) < 0.1 for c in "SF")


@claim("09_studies", "the rows of S and F are dark from end to end")
def rows_are_dark(numbers: Numbers) -> bool:
    """In no record is half of the S, or of the F, beats found."""
    return all(numbers["patients"]["well_found"][c]["found"] == 0 for c in "SF")


@claim("09_studies", "The row of N is mostly bright; V is bright in most records and dark in some")
def rows_of_n_and_v(numbers: Numbers) -> bool:
    """Half of the N beats are found in nine of ten records, half of the V beats in more than half
    of the records but not in all."""
    n, v = (numbers["patients"]["well_found"][c] for c in "NV")
    return n["found"] > 0.9 * n["records"] and v["records"] / 2 < v["found"] < v["records"]


@claim(
    "09_studies",
    "On the records of DS2 these networks do better than the one of the {doc}`evaluation",
)
def folds_do_better_on_ds2(numbers: Numbers) -> bool:
    """The F1 of V on the records of DS2 is higher in the folds."""
    return numbers["patients"]["ds2"]["per_class"]["V"]["f1"] > f1(numbers, "inter_patient", "V")


def macro(numbers: Numbers, name: str) -> float:
    """The macro-F1 of a classifier among the baselines."""
    return row(numbers["studies"]["baselines"], name=name)["macro_f1"]


@claim("09_studies", "which no network does that sees one beat only")
def trees_beat_single_beats(numbers: Numbers) -> bool:
    """The boosted trees have a higher macro-F1 than every network that sees one beat."""
    trees = macro(numbers, "boosted trees, RR + shape")
    return all(macro(numbers, name) < trees for name in ONE_BEAT)


@claim("09_studies", "the CNN-LSTM needs the same intervals to draw level")
def rr_draws_level(numbers: Numbers) -> bool:
    """With the RR intervals its macro-F1 is within a point of that of the trees."""
    difference = macro(numbers, "CNN-LSTM, RR") - macro(numbers, "boosted trees, RR + shape")
    return abs(difference) < 0.01


@claim("09_studies", "and the beat before as well to get ahead")
def beat_before_gets_ahead(numbers: Numbers) -> bool:
    """With the beat before its macro-F1 is more than a point above that of the trees."""
    best = macro(numbers, "CNN-LSTM, RR + beat before")
    return best - macro(numbers, "boosted trees, RR + shape") > 0.01


@claim("09_studies", "*Both halves of the CNN-LSTM earn their place*")
def both_halves_earn_their_place(numbers: Numbers) -> bool:
    """Without either half macro-F1 is lower by more than five points."""
    return all(macro(numbers, "CNN-LSTM") - macro(numbers, n) > 0.05 for n in ("CNN", "LSTM"))


@claim("09_studies", "the ResNet, smaller and quicker to train, reaches")
def resnet_is_smaller_and_better(numbers: Numbers) -> bool:
    """The ResNet has fewer parameters, took less time, and has the higher macro-F1."""
    resnet, own = (row(numbers["studies"]["baselines"], name=n) for n in ("ResNet", "CNN-LSTM"))
    cheaper = all(resnet[k] < own[k] for k in ("parameters", "seconds"))
    return cheaper and resnet["macro_f1"] > own["macro_f1"]


@claim("09_studies", "*Attention in place of the last state brings nothing* here.")
def attention_brings_nothing(numbers: Numbers) -> bool:
    """With attention macro-F1 is no more than half a point higher."""
    return macro(numbers, "CNN-LSTM, attention") - macro(numbers, "CNN-LSTM") < 0.005


@claim("09_studies", "with more, the networks gain on the others, as the published run shows")
def more_epochs_gain(numbers: Numbers) -> bool:
    """The published network has a higher macro-F1 than its shorter training, and the trees."""
    return numbers["random"]["macro_f1"] > max(
        macro(numbers, "CNN-LSTM"), macro(numbers, "boosted trees, RR + shape")
    )


@claim(
    "09_studies",
    "The CNN-LSTM with RR intervals and the beat before is at the top, always N at the",
)
def top_and_bottom(numbers: Numbers) -> bool:
    """By macro-F1."""
    order = sorted(numbers["studies"]["baselines"], key=lambda r: r["macro_f1"])
    return (order[0]["name"], order[-1]["name"]) == ("always N", "CNN-LSTM, RR + beat before")


@claim("09_studies", "no treatment improves the F1 of any class")
def no_treatment_helps(numbers: Numbers) -> bool:
    """No F1 is higher than without balancing."""
    none, *treated = numbers["studies"]["imbalance"]
    return all(r[f"f1_{c}"] <= none[f"f1_{c}"] for r in treated for c in CLASSES)


@claim("09_studies", "the network calls nearly everything rare")
def both_call_everything_rare(numbers: Numbers) -> bool:
    """With both treatments accuracy falls below one half."""
    return row(numbers["studies"]["imbalance"], run="both")["accuracy"] < 0.5


def _sweep(numbers: Numbers, setting: str) -> dict[str, float]:
    """Value to macro-F1."""
    of = rows(numbers["studies"]["hyperparameters"], setting=setting)
    return {str(r["value"]): r["macro_f1"] for r in of}


def _chosen(numbers: Numbers) -> float:
    return row(numbers["studies"]["augmentation"], run="none")["macro_f1"]


@claim("09_studies", "the learning rate decides ({numref}`fig-sweeps`)")
def learning_rate_decides(numbers: Numbers) -> bool:
    """Macro-F1 spans more over the learning rates than over the values of any other setting."""
    settings = {r["setting"] for r in numbers["studies"]["hyperparameters"]}
    spans = {
        s: max(_sweep(numbers, s).values()) - min(_sweep(numbers, s).values()) for s in settings
    }
    return max(spans, key=spans.get) == "learning rate"


@claim("09_studies", "at 1e-4 the network has hardly begun to learn when the training ends")
def small_rate_hardly_learns(numbers: Numbers) -> bool:
    """At 1e-4 macro-F1 is lower than at the published value by more than 0.2."""
    return _chosen(numbers) - _sweep(numbers, "learning rate")["1e-4"] > 0.2


@claim("09_studies", "about the published value the optimum is broad")
def optimum_is_broad(numbers: Numbers) -> bool:
    """A third of it, and three times it, cost less than five points of macro-F1."""
    of = _sweep(numbers, "learning rate")
    return all(_chosen(numbers) - of[value] < 0.05 for value in ("1e-3", "1e-2"))


@claim("09_studies", "Fewer LSTM units or narrower filters cost a little.")
def smaller_costs_a_little(numbers: Numbers) -> bool:
    """Either lowers macro-F1, by less than five points."""
    smaller = _sweep(numbers, "LSTM units")["32"], _sweep(numbers, "filters")["32-64-128"]
    return all(0 < _chosen(numbers) - value < 0.05 for value in smaller)


@claim("09_studies", "That is of the size of what another seed does")
def others_are_like_seeds(numbers: Numbers) -> bool:
    """Batch size, dropout and more LSTM units differ from the published values by less than twice
    the span of the five seeds."""
    values = [*_sweep(numbers, "batch size").values(), *_sweep(numbers, "dropout").values()]
    values.append(_sweep(numbers, "LSTM units")["128"])
    return max(abs(v - _chosen(numbers)) for v in values) < 2 * seeds_span(numbers)


@claim("09_studies", "Smaller batches and less dropout look best here")
def small_batches_look_best(numbers: Numbers) -> bool:
    """The two best runs of the sweep are one with a smaller batch and one with less dropout."""
    order = sorted(numbers["studies"]["hyperparameters"], key=lambda r: -r["macro_f1"])
    best = {(r["setting"], str(r["value"])) for r in order[:2]}
    batches, dropouts = (
        (("batch size", v) for v in ("32", "64")),
        (("dropout", v) for v in ("0.2", "0.3")),
    )
    return bool(best & set(batches)) and bool(best & set(dropouts))


def _gain(numbers: Numbers, run: str) -> float:
    return row(numbers["studies"]["augmentation"], run=run)["macro_f1"] - _chosen(numbers)


@claim("09_studies", "None of them helps ({numref}`fig-augmentation`)")
def no_augmentation_helps(numbers: Numbers) -> bool:
    """None raises macro-F1 by more than another seed would."""
    runs = [r["run"] for r in numbers["studies"]["augmentation"] if r["run"] != "none"]
    return all(_gain(numbers, run) < seeds_span(numbers) for run in runs)


@claim("09_studies", "Noise and warping change macro-F1 by less than another seed would")
def noise_and_warping_change_little(numbers: Numbers) -> bool:
    """Each changes it by less than the span of the five seeds."""
    return all(abs(_gain(numbers, run)) < seeds_span(numbers) for run in ("noise", "warp"))


@claim("09_studies", "a shift, a gain, and all together cost a little")
def shift_and_gain_cost_a_little(numbers: Numbers) -> bool:
    """Each lowers macro-F1, by less than five points."""
    return all(-0.05 < _gain(numbers, run) < 0 for run in ("shift", "amplitude", "all"))
