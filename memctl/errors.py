"""The one exception that is the user's to mend."""


class UserError(Exception):
    """What is wrong, the value, and how to mend it.

    Commands show the message alone, without a traceback.
    """
