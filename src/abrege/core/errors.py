"""The errors a user can fix: one message without a traceback, and an exit code each."""


class AbregeError(Exception):
    """An error the user can fix. The message says what is wrong, where, and what to do."""

    exit_code = 1


class RecipeError(AbregeError):
    """A recipe or a command that cannot be carried out as it is written."""

    exit_code = 2


class DataError(AbregeError):
    """Broken data: the message names file and line, or the row's id, and the field."""

    exit_code = 3


class SetupError(AbregeError):
    """The machine lacks something: weights, a network, a library, room on the disk."""

    exit_code = 4


class StateFileError(SetupError):
    """A JSON file of a run folder or a model folder is missing or damaged."""


class GateError(AbregeError):
    """A threshold the user set was not met."""

    exit_code = 5
