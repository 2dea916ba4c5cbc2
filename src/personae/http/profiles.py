"""`GET /1/profile.json`. Source: contract A6."""

from collections.abc import Mapping
from typing import Final

from ..core.answers import flag_keys, profile_view, refusal_answer
from ..core.faults import MALFORMED, PROFILE_NOT_FOUND
from ..core.profile import Profile
from ..projects import Grant
from ..storage import Project, Store
from .message import Refused, Request, Response, json_response
from .query import blank_reading, parse_query
from .server import Server

PARAMETERS: Final = ("email", "identity", "objectId")
"""Of several, the first of these is used (contract A6.1)."""


async def get_profile(server: Server, grant: Grant, request: Request) -> Response:
    """One profile by email, identity or objectId."""
    project = grant.project
    profile = await find_profile(server.store, project, parse_query(request.query))
    if profile is None and b"+" in request.query:
        profile = await find_profile(server.store, project, parse_query(blank_reading(request.query)))
    if profile is None:
        return json_response(server.settings.not_found_status, refusal_answer(PROFILE_NOT_FOUND))
    keys = flag_keys(profile)
    flags = await server.store.find_flags(project, list(keys.values())) if keys else {}
    return json_response(200, {"record": profile_view(profile, flags), "status": "success"})


async def find_profile(store: Store, project: Project, parameters: Mapping[str, str]) -> Profile | None:
    """The profile the parameters mean, if any. Raises `Refused` (400) where they name none."""
    kind = next((kind for kind in PARAMETERS if parameters.get(kind, "").strip()), None)
    if kind is None:
        raise Refused(MALFORMED)
    value = parameters[kind].strip()
    if kind == "email":
        return await find_by_email(store, project, value)
    found = await store.find(project, [(kind, value)])
    return next(iter(found.profiles.values()), None)


async def find_by_email(store: Store, project: Project, email: str) -> Profile | None:
    """The profile whose Email, or whose identity, is this address; of several the last updated.

    Source: contract A6.2.
    """
    address = email.lower()
    found = await store.find(project, [("identity", address), ("identity", email)])
    others = await store.find_by_contact(project, ("email", address), limit=1)
    return max([*found.profiles.values(), *others], key=lambda profile: profile.updated, default=None)
