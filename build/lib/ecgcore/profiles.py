"""The former address of `workflow.profiles`, for programs that were written for it."""

from ecgcore.workflow.profiles import *  # noqa: F403
