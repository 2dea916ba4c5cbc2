"""What goes wrong, as one line on stderr and an exit status."""

import sys
from collections.abc import Callable
from typing import Final

from ..copying import NotCopied
from ..projects import NotDone
from ..secret_key import KeyRefused
from ..settings import BadSettings
from ..startup import CannotStart
from ..storage import Unavailable, UnusableDatabase
from ..storage.url import without_passwords

REFUSALS: Final = (NotDone, NotCopied, KeyRefused, CannotStart, UnusableDatabase)

INTERRUPTED: Final = 130
"""What shells report for a command that was ended from the keyboard."""


def reported(run: Callable[[], int]) -> int:
    """The exit status of `run`; an expected failure is told in one line, a setting each."""
    try:
        return run()
    except BadSettings as bad:
        return told(2, *bad.lines)
    except REFUSALS as refused:
        return told(1, str(refused))
    except Unavailable as error:
        return told(1, f"the database cannot be used now ({error}); try again, or look at the database and its disk")
    except OSError as error:
        return told(1, f"{error.filename or 'system'}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED


def told(status: int, *lines: str) -> int:
    """Write these lines to stderr, without passwords of databases, and give the status back."""
    for line in lines:
        sys.stderr.write(f"personae: {without_passwords(line)}\n")
    return status
