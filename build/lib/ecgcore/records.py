"""The former address of `data.records`, for programs that were written for it."""

from ecgcore.data.records import *  # noqa: F403
