"""What 14_noise says of the records under noise and other harm."""

from ecgcore.workflow.claims.core import Numbers, claim

RECORDED = ("bw", "em", "ma")
RHYTHM = ("rhythm", "rhythm-noise")


def under(numbers: Numbers, run: str, condition: str, number: str) -> float:
    """What a classifier reaches under a condition."""
    return numbers["noise"][run]["conditions"][condition][number]["value"]


def _lost(numbers: Numbers, run: str, condition: str, number: str) -> float:
    return under(numbers, run, "clean", number) - under(numbers, run, condition, number)


@claim("14_noise", "{numref}`fig-noise-curves` falls slowly, then fast.")
def slowly_then_fast(numbers: Numbers) -> bool:
    """With each noise, the rhythm model loses less accuracy from clean to 12 dB than from 0 dB to
    -6 dB."""
    lost = [
        [_lost(numbers, "rhythm", f"{n} {db}", "accuracy") for n in RECORDED] for db in (12, 0, -6)
    ]
    return all(first < last - then for first, then, last in zip(*lost, strict=True))


@claim("14_noise", "and noise leaves most of them so")
def accuracy_hides_it(numbers: Numbers) -> bool:
    """At 6 dB every noise takes less than five points of accuracy from the rhythm model."""
    return all(_lost(numbers, "rhythm", f"{n} 6", "accuracy") < 0.05 for n in RECORDED)


@claim("14_noise", "small things are the first that noise covers")
def s_is_lost_before_v(numbers: Numbers) -> bool:
    """At 6 dB electrode motion and muscle activity take more of the F1 of S than of that of V."""
    return all(
        _lost(numbers, "rhythm", f"{n} 6", "f1_S") > _lost(numbers, "rhythm", f"{n} 6", "f1_V")
        for n in ("em", "ma")
    )


@claim("14_noise", "those of S sooner than those of V")
def lines_of_s_fall_sooner(numbers: Numbers) -> bool:
    """At 6 dB electrode motion and muscle activity take more of the F1 of S than of that of V."""
    return s_is_lost_before_v(numbers)


@claim(
    "14_noise", "On clean records the rhythm model lies above the single-beat network in every row"
)
def rhythm_is_above(numbers: Numbers) -> bool:
    """In accuracy and in the F1 of S and V, clean."""
    names = ("accuracy", "f1_S", "f1_V")
    pairs = [[under(numbers, run, "clean", n) for run in ("single", "rhythm")] for n in names]
    return all(single < rhythm for single, rhythm in pairs)


@claim("14_noise", "the network for single beats gets more wrong than one who always says N")
def single_is_below_always_n(numbers: Numbers) -> bool:
    """The clean accuracy of the network for single beats is below the share of N."""
    return under(numbers, "single", "clean", "accuracy") < numbers["noise_facts"]["always_n"]


@claim("14_noise", "at 12 dB or better is nearly what it says of a clean one")
def nearly_clean_at_12_db(numbers: Numbers) -> bool:
    """Down to 12 dB no noise takes a point of accuracy, or 0.1 of the F1 of S or V, from either
    rhythm model."""
    conditions = [f"{n} {db}" for n in RECORDED for db in (24, 18, 12)]
    return all(
        _lost(numbers, run, c, "accuracy") < 0.01
        and all(_lost(numbers, run, c, f"f1_{letter}") < 0.1 for letter in "SV")
        for run in RHYTHM
        for c in conditions
    )


@claim("14_noise", "At 6 dB its V beats can still be counted")
def v_can_be_counted_at_6_db(numbers: Numbers) -> bool:
    """At 6 dB the F1 of V is above 0.8 with every noise, for either rhythm model."""
    return all(under(numbers, run, f"{n} 6", "f1_V") > 0.8 for run in RHYTHM for n in RECORDED)


@claim("14_noise", "its S beats should be looked at")
def s_should_be_looked_at(numbers: Numbers) -> bool:
    """At 6 dB some noise takes more than 0.05 of the F1 of S from either rhythm model."""
    return all(
        max(_lost(numbers, run, f"{n} 6", "f1_S") for n in RECORDED) > 0.05 for run in RHYTHM
    )


@claim("14_noise", "At 0 dB and below, its answers are not worth having")
def not_worth_having(numbers: Numbers) -> bool:
    """At 0 dB electrode motion leaves the rhythm model an F1 below 0.6 for S and V."""
    return all(under(numbers, "rhythm", "em 0", f"f1_{c}") < 0.6 for c in "SV")


@claim("14_noise", "**Gain** changes nothing, not one answer")
def gain_changes_nothing(numbers: Numbers) -> bool:
    """Halved and doubled, no number of any classifier differs."""
    return all(
        _lost(numbers, run, c, n) == 0
        for run in numbers["noise"]
        if run != "provenance"
        for c in ("gain 0.5", "gain 2")
        for n in ("accuracy", "f1_S", "f1_V")
    )


@claim("14_noise", "The network for single beats sees all of it, and gains")
def hum_raises_accuracy(numbers: Numbers) -> bool:
    """With hum its accuracy is higher by more than a point, at 50 and at 60 Hz."""
    return all(_lost(numbers, "single", f"{hz} Hz 6", "accuracy") < -0.01 for hz in (50, 60))


@claim("14_noise", "It does not merely answer N more often")
def hum_raises_v_too(numbers: Numbers) -> bool:
    """With hum the F1 of V of the network for single beats is higher than without."""
    return all(_lost(numbers, "single", f"{hz} Hz 6", "f1_V") < 0 for hz in (50, 60))


@claim("14_noise", "The hum takes wrong answers back")
def hum_takes_wrong_answers_back(numbers: Numbers) -> bool:
    """With hum the network for single beats calls fewer than half as many N beats V."""
    clean = under(numbers, "single", "clean", "n_as_v")
    return all(under(numbers, "single", f"{hz} Hz 6", "n_as_v") < clean / 2 for hz in (50, 60))


@claim("14_noise", "**Displaced R peaks** are the rhythm model's weak point.")
def displaced_peaks_hurt_most(numbers: Numbers) -> bool:
    """Displaced R peaks take more than half of the F1 of S, and more of it than each of the other
    kinds of harm with annotated peaks."""
    harms = ("reversed", "gain 0.5", "gain 2", "50 Hz 6", "60 Hz 6")
    lost = _lost(numbers, "rhythm", "displaced", "f1_S")
    most = max(_lost(numbers, "rhythm", c, "f1_S") for c in harms)
    return lost > under(numbers, "rhythm", "clean", "f1_S") / 2 and lost > most


@claim("14_noise", "Baseline wander troubles the detector little.")
def wander_troubles_little(numbers: Numbers) -> bool:
    """At 6 dB sensitivity and positive predictivity of the detector fall by less than a point."""
    clean, wander = (numbers["noise_facts"]["peaks"][c] for c in ("found", "found, bw 6"))
    rates = ("sensitivity", "positive predictivity")
    return all(clean[rate] - wander[rate] < 0.01 for rate in rates)


@claim("14_noise", "show the better half of the matter")
def annotated_peaks_flatter(numbers: Numbers) -> bool:
    """With found R peaks, muscle activity at 6 dB costs the rhythm model more than ten points of
    accuracy more than with annotated ones."""
    annotated, found = (under(numbers, "rhythm", c, "accuracy") for c in ("ma 6", "found, ma 6"))
    return annotated - found > 0.1
