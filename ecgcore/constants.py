"""The conventions that every other module shares."""

CLASSES = ("N", "S", "V", "F", "Q")  # AAMI classes; the position is the class number, 0 to 4
CLASS_NAMES = {
    "N": "normal and bundle branch block",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "Q": "paced, fusion of paced and normal, unclassifiable",
}

LEAD = "MLII"  # modified limb lead II; records without it use their first signal
FS = 125  # Hz, sampling rate of a beat
BEAT_LENGTH = 187  # samples of a beat: 1.496 s at 125 Hz
RR_FEATURES = 5  # numbers that describe the RR intervals about a beat

FOLDS = tuple(f"patients_{number}" for number in range(1, 6))  # patient-wise cross-validation
PROTOCOLS = ("random", "inter_patient", "kaggle", *FOLDS)  # how beats are split; see beats.splits
PROTOCOL_TITLES = {
    "random": "random split",
    "inter_patient": "inter-patient split",
    "in_rhythm": "inter-patient split, in its rhythm",
    "kaggle": "Kaggle files",
    **{f"patients_{number}": f"patients, fold {number} of 5" for number in range(1, 6)},
}
CHECKSUMS = "SHA256SUMS.txt"  # of the files of a database, as they lie in its folder
