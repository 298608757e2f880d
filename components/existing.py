"""Objects that a preview would create and that are at GitHub, Auth0 or Vercel already.

`up` would fail at one, make a second one or change it without a word. Only what the state does not have is looked up,
so a preview of a living stack sends no request more. `gate adopt` prints the lines that take such objects over.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx
import pulumi
import pulumi_auth0 as auth0

from components import vendors as named
from components.accounts import VendorError, accounts_of_the_program
from components.accounts.api import VendorRateLimited, VendorUnreachable
from components.accounts.lookup import NeedsDecision, Unknown, look_up

Created = tuple[str, str, Mapping[str, Any]]
"""Resource type, name of the object for people, and inputs."""

_TOLD = frozenset(
    {
        named.BRANCH_PROTECTION,
        named.ENVIRONMENT,
        named.ENVIRONMENT_SECRET,
        named.ENVIRONMENT_VARIABLE,
        named.RULESET,
        named.CLIENT,
        named.PROJECT,
        named.PROJECT_DOMAIN,
        named.PROJECT_VARIABLE,
        named.DNS_RECORD,
    }
)
"""The kinds that are looked up. Of the others an existing one is taken over by `up`, or comes with one of these."""


def existing(created: Iterable[Created], owner: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Look objects up by their natural keys, with the credentials of the providers.

    Args:
        owner: of the repository at GitHub.
        environ: has the credentials that the stack's configuration does not have.

    Returns:
        The names of those that exist. What is in a new environment is found with the environment.
    """
    created = [one for one in created if one[0] in _TOLD]
    new = {values.get("environment") for kind, _, values in created if kind == named.ENVIRONMENT}
    silent = set[str]()
    with accounts_of_the_program(owner, environ) as accounts:
        for kind, what, values in created:
            if kind in (named.ENVIRONMENT_VARIABLE, named.ENVIRONMENT_SECRET) and values.get("environment") in new:
                continue
            if (vendor := named.label_of(kind)) in silent:
                continue
            try:
                if _application(values) if kind == named.CLIENT else look_up(accounts, kind, values):
                    yield what
            except NeedsDecision:  # there are several, or one that is in the way
                yield what
            except Unknown:  # a part of its name is known at `up` only
                continue
            except (VendorUnreachable, VendorRateLimited) as error:  # each further question would wait as long
                silent.add(vendor)
                pulumi.log.info(f"what exists already at {vendor} was not looked up: {error}")
            except (VendorError, httpx.InvalidURL, AttributeError, KeyError, TypeError, ValueError) as error:
                reason = str(error).partition("\n")[0]
                pulumi.log.info(f"whether {what} exists already was not looked up: {reason}")


def _application(values: Mapping[str, Any]) -> bool:
    """Return whether Auth0 has an application of this name. The provider is asked, because it is logged in already.

    Its function (getClient) fails where there is none.
    """
    try:
        return bool(auth0.get_client(name=values["name"]).client_id)
    except Exception:  # the SDK has no narrower one for what a provider refuses
        return False
