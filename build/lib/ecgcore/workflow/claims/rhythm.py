"""What 11_rhythm, 12_another_database and 13_two_patients say of the rhythm model."""

from statistics import median

from ecgcore.workflow.claims.core import Numbers, claim, f1, width

DS2 = "inter_patient_rhythm"


def of_seeds(numbers: Numbers, number: str, variant: str = "") -> float:
    """The median over the seeds of the model tested on DS2."""
    entry = numbers[DS2][variant] if variant else numbers[DS2]
    return median(each[number] for each in entry["seeds"])


@claim("11_rhythm", "the F1 of S *is* largely that record's")
def f1_of_s_is_one_records(numbers: Numbers) -> bool:
    """Without 232 the F1 of S on DS2 is less than half of what it is with it."""
    without = numbers[DS2]["without_232"]["per_class"]["S"]["f1"]
    return without < f1(numbers, DS2, "S") / 2


@claim("11_rhythm", "the aims are what the last of them reached there, without its third digit")
def aims_are_of_the_trials(numbers: Numbers) -> bool:
    """Each aim is what the last trial had reached, cut after two digits."""
    aims = numbers["rhythm_aims"].values()
    return all(0 <= of["trial"] - of["aim"] + 1e-9 < 0.01 for of in aims)


@claim("11_rhythm", "what svdb adds no setting of the model replaced")
def svdb_adds_v(numbers: Numbers) -> bool:
    """Learnt from svdb too, the F1 of V on DS2 is higher by more than a point."""
    return of_seeds(numbers, "f1_V", "with_svdb") - of_seeds(numbers, "f1_V") > 0.01


@claim("11_rhythm", "None of the three distances is large beside its interval.")
def distances_are_small(numbers: Numbers) -> bool:
    """No median of the seeds is below its aim by more than a third of the interval's width."""
    aims = numbers["rhythm_aims"].values()
    return all(of["aim"] - of["median"] < of["width"] / 3 for of in aims)


@claim("11_rhythm", "It shows how far context carries")
def context_carries(numbers: Numbers) -> bool:
    """On DS2 the rhythm model's F1 of S and of V exceeds that of one beat by more than 0.2."""
    return all(of_seeds(numbers, f"f1_{c}") - f1(numbers, "inter_patient", c) > 0.2 for c in "SV")


@claim("11_rhythm", "the vertical line of the rhythm model is as long because one record decides")
def the_line_is_long(numbers: Numbers) -> bool:
    """The interval of the F1 of S on DS2 is wider than 0.4."""
    return width(numbers[DS2]["per_class"]["S"]["f1_ci95"]) > 0.4


@claim("11_rhythm", "N is bright everywhere and V in most records")
def n_and_v_are_found(numbers: Numbers) -> bool:
    """On DS2 the rhythm model finds more than 95 % of the N beats and 75 % of the V beats."""
    per_class = numbers[DS2]["per_class"]
    return per_class["N"]["sensitivity"] > 0.95 and per_class["V"]["sensitivity"] > 0.75


@claim("11_rhythm", "F is hardly found")
def f_is_hardly_found(numbers: Numbers) -> bool:
    """The F1 of F is below 0.1, on DS2 and over all 44 records."""
    return all(f1(numbers, entry, "F") < 0.1 for entry in (DS2, "crossval_records"))


@claim(
    "11_rhythm", "nearly all F beats of DS1 belong to one patient, and nearly all of DS2 to another"
)
def f_belongs_to_two_patients(numbers: Numbers) -> bool:
    """One record holds at least 85 % of the F beats, in either half."""
    return all(numbers["exploration"]["F"][half] >= 0.85 for half in ("DS1", "DS2"))


@claim("11_rhythm", "Records with atrial fibrillation still give false S beats.")
def fibrillation_gives_false_s(numbers: Numbers) -> bool:
    """More than a tenth of the rhythm model's false S beats on DS2 are record 202's."""
    return numbers["two_patients"]["202"]["false_S"] > 0.1


def _ranked(numbers: Numbers, letter: str) -> dict:
    return numbers["another_database"]["ranked"][letter]


@claim("12_another_database", "For most patients V is found as well abroad as at home")
def v_is_found_abroad(numbers: Numbers) -> bool:
    """In more than three quarters of the records the F1 of V is at most 0.05 lower than that of the
    model learnt from svdb."""
    return _ranked(numbers, "V")["as_well"] > 0.75


@claim("12_another_database", "from nearly all found to none")
def s_has_no_plateau(numbers: Numbers) -> bool:
    """The F1 of S of single records goes from below 0.1 to above 0.9; in fewer than half of the
    records it is above 0.8."""
    of = _ranked(numbers, "S")
    return of["lowest"] < 0.1 and of["highest"] > 0.9 and of["above_0.8"] < 0.5


@claim(
    "12_another_database", "Which patient it is matters more than which database was learnt from."
)
def the_patient_matters_more(numbers: Numbers) -> bool:
    """The records' F1 of S under both models have a rank correlation above 0.7, and gross F1 of S
    differs by less than 0.1."""
    gain = numbers["another_database"]["gains"][0]["f1_S"]
    return _ranked(numbers, "S")["correlation"] > 0.7 and abs(gain) < 0.1


@claim("12_another_database", "for V, more than half of the records are above 0.8")
def most_records_of_v_are_high(numbers: Numbers) -> bool:
    """Of the records with enough V beats, and one is below 0.2."""
    of = _ranked(numbers, "V")
    return of["above_0.8"] > 0.5 and of["lowest"] < 0.2


@claim("12_another_database", "so its F1 hardly changes")
def f1_of_s_hardly_changes(numbers: Numbers) -> bool:
    """Learning V from svdb too changes the F1 of S on DS2 by less than a point."""
    return abs(numbers["another_database"]["gains"][2]["f1_S"]) < 0.01


@claim("12_another_database", "and records differ by more than that")
def offsets_differ(numbers: Numbers) -> bool:
    """The offsets of the annotations of svdb range over more than twice their median."""
    of = numbers["another_database"]["offset_ms"]
    return of["svdb_range"] > 2 * of["svdb_median"]


@claim("12_another_database", "In `mitdb` they lie on the R peak.")
def mitdb_is_annotated_on_the_peak(numbers: Numbers) -> bool:
    """In nine of ten records of mitdb the median offset is below 10 ms."""
    return numbers["another_database"]["offset_ms"]["mitdb_largest"] < 10


@claim("12_another_database", "F was hardly used by its annotators.")
def f_is_rare_in_svdb(numbers: Numbers) -> bool:
    """Fewer than one beat in a thousand of svdb is F."""
    return numbers["another_database"]["shares"]["svdb"]["F"] < 0.001


@claim("12_another_database", "svdb has twice the S beats of mitdb and hardly any F")
def svdb_has_more_s(numbers: Numbers) -> bool:
    """The share of S is at least 1.8 times that of mitdb, that of F below one in a thousand."""
    shares = numbers["another_database"]["shares"]
    return shares["svdb"]["S"] > 1.8 * shares["mitdb"]["S"] and f_is_rare_in_svdb(numbers)


@claim("12_another_database", "Amplitude is no reason: it cancels.")
def amplitude_is_no_reason(numbers: Numbers) -> bool:
    """The rank correlation of QRS height with the share of beats wrong is below 0.25."""
    return abs(numbers["another_database"]["related"]["height_mv"]) < 0.25


@claim("12_another_database", "Two others show in {numref}`fig-svdb-failures`.")
def two_reasons_show(numbers: Numbers) -> bool:
    """Unlikeness and the share of S have a rank correlation above 0.3 with the share wrong."""
    related = numbers["another_database"]["related"]
    return related["unlike"] > 0.3 and related["share_S"] > 0.3


@claim(
    "12_another_database", "It rises with unlikeness and with the share of S beats; no trend with"
)
def the_dots_rise(numbers: Numbers) -> bool:
    """As the text about the two reasons, and about amplitude."""
    return two_reasons_show(numbers) and amplitude_is_no_reason(numbers)


@claim("12_another_database", "N and S by turns at nearly the same interval")
def n_and_s_by_turns(numbers: Numbers) -> bool:
    """In record 822 fewer than a tenth of the S beats follow another, and they come after more than
    0.85 of the usual interval."""
    of = numbers["another_database"]["shown"]["822"]
    return of["in_runs"] < 10 and of["rr_S"] > 85


@claim("12_another_database", "**V transfers.**")
def v_transfers(numbers: Numbers) -> bool:
    """Learnt from the other database, the F1 of V is no more than 0.05 lower, either way."""
    return all(gain["f1_V"] > -0.05 for gain in numbers["another_database"]["gains"][:2])


@claim("13_two_patients", "the F1 of S is nearly that record's alone")
def s_is_232(numbers: Numbers) -> bool:
    """Record 232 holds more than two thirds of the S beats of DS2."""
    return numbers["two_patients"]["232"]["S"] > 2 / 3


@claim("13_two_patients", "In {numref}`fig-232-rr` one sees that this takes no subtlety at all")
def rhythm_finds_232(numbers: Numbers) -> bool:
    """Of the S beats of 232 the rhythm model finds over 80 %, one beat alone fewer than 10 %."""
    of = numbers["two_patients"]["232"]
    return of["rhythm"] > 0.8 and of["alone"] < 0.1


@claim("13_two_patients", "so everything ectopic is usual")
def against_the_median_nothing_is_early(numbers: Numbers) -> bool:
    """Against the median, fewer than a tenth of the S beats of 232 are early."""
    return numbers["two_patients"]["232"]["early"]["median"]["S"] < 0.1


@claim("13_two_patients", "and hardly an N beat")
def against_the_mean_s_is_early(numbers: Numbers) -> bool:
    """Against the mean, more than 90 % of the S beats of 232 are early and fewer than 5 % of N."""
    of = numbers["two_patients"]["232"]["early"]["mean"]
    return of["S"] > 0.9 and of["N"] < 0.05


@claim("13_two_patients", "calls all of them early, and many N beats too")
def against_the_percentile_all_are(numbers: Numbers) -> bool:
    """Against the 90th percentile, more than 99 % of the S beats of 232 are early and more than a
    fifth of the N beats."""
    of = numbers["two_patients"]["232"]["early"]["90th percentile"]
    return of["S"] > 0.99 and of["N"] > 0.2


@claim("13_two_patients", "In **flutter** nothing protects the model.")
def flutter_is_not_protected(numbers: Numbers) -> bool:
    """In flutter more than half of the beats are falsely answered S, in fibrillation fewer than a
    third."""
    rhythms = numbers["two_patients"]["202"]["rhythms"]
    share = {name: rhythms[f"atrial {name}"]["false_S"] for name in ("flutter", "fibrillation")}
    return share["flutter"] > 0.5 and share["fibrillation"] < 1 / 3


@claim("13_two_patients", "which fibrillation moves and flutter does not")
def flutter_is_regular(numbers: Numbers) -> bool:
    """In fibrillation over half of the intervals are irregular, in flutter fewer than a third."""
    rhythms = numbers["two_patients"]["202"]["rhythms"]
    share = {n: rhythms[f"atrial {n}"]["irregular"] for n in ("flutter", "fibrillation")}
    return share["fibrillation"] > 0.5 and share["flutter"] < 1 / 3


@claim("13_two_patients", "they are further apart than most methods are")
def two_records_move_more(numbers: Numbers) -> bool:
    """The F1 of S on DS2 without 232 and without 202 differs by more than 0.3."""
    without = [numbers[DS2][f"without_{r}"]["per_class"]["S"]["f1"] for r in ("232", "202")]
    return abs(without[0] - without[1]) > 0.3
