"""What may go wrong with a database, and what is done about it: one table by SQLSTATE."""

from enum import Enum
from typing import Final

import asyncpg


class Remedy(Enum):
    """What to do about an error."""

    AGAIN = "take the same step again: the database undid it"
    RECONNECT = "open new connections, and take the step again: a statement under way may have been done"
    ELSEWHERE = "open new connections, and take the step again: nothing was done"
    BOUND = "rows that belong together were not at the versions read: read again"
    ISOLATE = "a record the database does not take: find it, and store the others"
    REFUSE = "the database cannot be used as it is"
    BUG = "ours"


class Overtaken(Exception):  # noqa: N818 - the reason to try again
    """What this transaction has read was changed before it could be written."""


REMEDIES: Final = {
    "22012": Remedy.BOUND,  # division by zero, which `WRITE_NODES` asks for
    "23505": Remedy.AGAIN,  # unique violation: another writer was faster
    "25006": Remedy.ELSEWHERE,  # read-only transaction: this host is a standby now
    "25P03": Remedy.ELSEWHERE,  # the transaction was idle too long: its end was never sent
    "25P04": Remedy.ELSEWHERE,  # it took too long altogether
    "42P07": Remedy.AGAIN,  # the table is there: another server that starts was faster
    "42710": Remedy.AGAIN,  # so is its type
    "40003": Remedy.RECONNECT,  # whether the statement was done is not known
    "40": Remedy.AGAIN,  # serialization failure, deadlock
    "55P03": Remedy.AGAIN,  # lock not available
    "57014": Remedy.AGAIN,  # statement timeout
    "57P03": Remedy.ELSEWHERE,  # not taking connections yet
    "57P": Remedy.RECONNECT,  # shutdown, crash, starting up
    "08": Remedy.RECONNECT,  # connection lost or refused
    "53300": Remedy.ELSEWHERE,  # too many connections
    "26000": Remedy.ELSEWHERE,  # the prepared statement is gone
    "42P05": Remedy.ELSEWHERE,  # the prepared statement is there already: a pooler changed the server
    "0A": Remedy.REFUSE,  # this database lacks what the statement asks for
    "42P01": Remedy.REFUSE,  # a table is missing
    "42703": Remedy.REFUSE,  # a column is missing
    "42501": Remedy.REFUSE,  # no privilege
    "42P10": Remedy.REFUSE,  # the primary key is missing
    "42883": Remedy.REFUSE,  # a function is missing
    "42704": Remedy.REFUSE,  # a type or setting is missing
    "42804": Remedy.REFUSE,  # a column has another type
    "42601": Remedy.REFUSE,  # not its SQL
    "28": Remedy.REFUSE,  # wrong password or user
    "3D000": Remedy.REFUSE,  # no such database
    "53": Remedy.REFUSE,  # disk full, out of memory
    "58": Remedy.REFUSE,  # the server's own files
    "XX": Remedy.REFUSE,  # internal error, corrupted data
    "21": Remedy.ISOLATE,
    "22": Remedy.ISOLATE,
    "23": Remedy.ISOLATE,
    "42": Remedy.ISOLATE,
    "54": Remedy.ISOLATE,  # a program limit, such as the longest value
    "P0": Remedy.ISOLATE,  # raised by a trigger of somebody else's
}
"""By SQLSTATE or its beginning; the longest that fits counts."""

OUTSIDE: Final = (OSError, EOFError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What is raised when no SQLSTATE could be told: refused, reset or closed connections, a server that does not answer."""

BY_CLASS: Final = {
    Overtaken: Remedy.AGAIN,
    asyncpg.exceptions.TargetServerAttributeNotMatched: Remedy.ELSEWHERE,  # no host of the URL takes writes now
    asyncpg.InvalidCachedStatementError: Remedy.ELSEWHERE,  # a plan of before a migration
    asyncpg.exceptions.ClientConfigurationError: Remedy.REFUSE,  # an option of the URL
}
"""What is told by the class of an error alone."""


def remedy_of(error: BaseException) -> Remedy:
    """What to do about this error."""
    for kind, remedy in BY_CLASS.items():
        if isinstance(error, kind):
            return remedy
    state = error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
    if state is None:
        return Remedy.RECONNECT if isinstance(error, OUTSIDE) else Remedy.BUG
    return next((REMEDIES[state[:length]] for length in (5, 3, 2) if state[:length] in REMEDIES), Remedy.REFUSE)


def told(error: BaseException) -> str:
    """An error in one line without what was sent: the message of the server, never its detail."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate:
        message: str = getattr(error, "message", None) or type(error).__name__
        return f"{message.splitlines()[0]} (SQLSTATE {error.sqlstate})"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
