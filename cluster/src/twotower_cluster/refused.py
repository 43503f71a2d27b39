"""The only error that users see: it says what happened, then what to do."""


class RefusedError(Exception):
    """A run, a file or an option that this package rejects; its text is one clear sentence."""
