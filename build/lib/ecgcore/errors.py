"""What goes wrong at the edge of the system, told in one sentence."""


class EcgError(Exception):
    """Anything a user can mend: the message names what is wrong and where."""


class DataError(EcgError):
    """A record, beat file or database that cannot be used."""


class ConfigError(EcgError):
    """An unknown, missing or mistyped parameter."""


class DownloadError(DataError):
    """A file that could not be fetched, or came damaged; trying again may help."""
