"""What the classes mean, for people who read ECGs, with references."""

NOTICE = (
    "<strong>Research software, no medical device.</strong> It errs, above all on people it has "
    "never seen. What it says is no basis for a diagnosis or a treatment."
)

EC57 = (
    "ANSI/AAMI EC57: Testing and reporting performance results of cardiac rhythm and ST segment "
    "measurement algorithms."
)
DE_CHAZAL = (
    "de Chazal, O'Dwyer, Reilly: Automatic classification of heartbeats using ECG morphology and "
    "heartbeat interval features. IEEE Trans Biomed Eng 51 (2004). "
    "[doi:10.1109/TBME.2004.827359](https://doi.org/10.1109/TBME.2004.827359)"
)
CONDUCTION = (
    "Surawicz et al.: AHA/ACCF/HRS recommendations for the standardization and interpretation of "
    "the electrocardiogram, part III. Circulation 119 (2009). "
    "[doi:10.1161/CIRCULATIONAHA.108.191095]"
    "(https://doi.org/10.1161/CIRCULATIONAHA.108.191095)"
)
SUPRAVENTRICULAR = (
    "Brugada et al.: 2019 ESC guidelines for supraventricular tachycardia. Eur Heart J 41 (2020). "
    "[doi:10.1093/eurheartj/ehz467](https://doi.org/10.1093/eurheartj/ehz467)"
)
VENTRICULAR = (
    "Zeppenfeld et al.: 2022 ESC guidelines for ventricular arrhythmias. Eur Heart J 43 (2022). "
    "[doi:10.1093/eurheartj/ehac262](https://doi.org/10.1093/eurheartj/ehac262)"
)
PACING = (
    "Glikson et al.: 2021 ESC guidelines on cardiac pacing. Eur Heart J 42 (2021). "
    "[doi:10.1093/eurheartj/ehab364](https://doi.org/10.1093/eurheartj/ehab364)"
)

# Class to what it holds and what to look at, and its references.
GUIDANCE = {
    "N": (
        "Normal beats, beats with left or right bundle branch block, and escape beats. N does "
        "not mean healthy: a bundle branch block is in this class, and so is every beat of a "
        "slow, fast or irregular rhythm as long as its shape is ordinary.",
        (EC57, DE_CHAZAL, CONDUCTION),
    ),
    "S": (
        "Supraventricular ectopic beats: atrial and junctional ones that come early. Their shape "
        "is close to that of N, so look at the RR interval before the beat and at the P wave. "
        "The network that sees one beat alone does not know how early it came; the one that sees "
        "its rhythm does, and still takes atrial flutter for it. Of all classes this is, with F, "
        "the one to trust least on new people.",
        (EC57, DE_CHAZAL, SUPRAVENTRICULAR),
    ),
    "V": (
        "Ventricular ectopic beats: early, wide, of another shape than their neighbours, mostly "
        "followed by a pause. Movement and electrode noise can look alike: check the strip.",
        (EC57, DE_CHAZAL, VENTRICULAR),
    ),
    "F": (
        "Fusion of a ventricular and a normal beat, of a shape between both. Rare, and nearly "
        "all that the network has learnt from come from a few patients.",
        (EC57, DE_CHAZAL),
    ),
    "Q": (
        "Paced beats, fusions of paced and normal beats, and beats that could not be classified. "
        "The network knows them from four patients with pacemakers; where nobody has one, Q "
        "mostly means noise.",
        (EC57, DE_CHAZAL, PACING),
    ),
}
