"""The colours that figures and widgets share."""

from ecgcore.constants import CLASSES

# Okabe and Ito's palette, which colour-blind readers can tell apart.
COLOURS = dict(zip(CLASSES, ("#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#009E73"), strict=True))
DASHES = dict(zip(CLASSES, ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))), strict=True))
PROTOCOL_COLOURS = {"random": "#7A7A7A", "inter_patient": "#0B3C5D", "kaggle": "#B08D57"}

FIRST, SECOND, MUTED = "#0B3C5D", "#D55E00", "#888888"
