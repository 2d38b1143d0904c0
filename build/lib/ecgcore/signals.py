"""The former address of `data.signals`, for programs that were written for it."""

from ecgcore.data.formats.wfdb_record import *  # noqa: F403
from ecgcore.data.signals import *  # noqa: F403
