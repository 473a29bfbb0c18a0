"""What is the user's to mend, and no fault of the program."""


class UserError(Exception):
    """What is wrong, the value, and how to mend it.

    Commands show the message alone, without a traceback.
    """


class AtWork(UserError):
    """Another process works on the run, and ends it."""
