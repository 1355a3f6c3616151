"""The errors a user can mend: one message, no traceback, an exit code of its own."""


class AbregeError(Exception):
    """Something the user can mend. The message says what is wrong, where, and what to do."""

    exit_code = 1


class RecipeError(AbregeError):
    """A recipe or a command that cannot be carried out as it is written."""

    exit_code = 2


class DataError(AbregeError):
    """Data that is broken: the message names file and line, or the row's id, and the field."""

    exit_code = 3


class EnvironmentError_(AbregeError):  # noqa: N801, N818 - the builtin has the plain name
    """The machine lacks something: weights, a network, a library, room on the disk."""

    exit_code = 4


class GateError(AbregeError):
    """A threshold the user set was not met."""

    exit_code = 5
