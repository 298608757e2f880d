"""Preview instances of services, which pull requests make (Render documentation, Service previews).

A preview is made only for a pull request against the branch that the service is linked to. It copies every setting and
every variable of its base service, also the address of its database.
"""

import copy

from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.service_details import address, base_of
from rehearsal.render_api.wire import Json


class Previews:
    """Opens and closes pull requests."""

    def __init__(self, estate: Estate, deploys: Deploys) -> None:
        self._estate, self._deploys = estate, deploys

    def open(self, repo: str, base: str, number: int, commit_id: str, *, asked_for: bool) -> list[Json]:
        """Open a pull request, and ask for previews where they are made by hand. Returns the new services."""
        modes = {"automatic", "manual"} if asked_for else {"automatic"}
        bases = [
            service
            for service in self._estate.services.values()
            if (service.get("repo"), service.get("branch")) == (repo, base)
            and base_of(service) is None
            and _mode(service["serviceDetails"]) in modes
        ]
        return [self._preview(service, number, commit_id) for service in bases]

    def close(self, repo: str, number: int) -> list[str]:
        """Return the names of the previews of a pull request."""
        return [
            service["name"]
            for service in self._estate.services.values()
            if base_of(service) and service.get("repo") == repo and service["name"].endswith(f" PR #{number}")
        ]

    def _preview(self, service: Json, number: int, commit_id: str) -> Json:
        estate, identifier, now = self._estate, self._estate.new_id("srv"), self._estate.now()
        slug = f"{service['slug']}-pr-{number}"
        preview = copy.deepcopy(service) | {"id": identifier, "name": f"{service['name']} PR #{number}", "slug": slug}
        preview |= {"createdAt": now, "updatedAt": now}
        preview["serviceDetails"] |= {"parentServer": {"id": service["id"], "name": service["name"]}}
        if "url" in preview["serviceDetails"]:
            preview["serviceDetails"]["url"] = address(slug)
        estate.services[identifier] = preview
        for values in (estate.env_vars, estate.secret_files):
            values[identifier] = dict(values.get(service["id"], {}))
        for group in estate.linked_groups(service["id"]):
            link = next(one for one in group["serviceLinks"] if one["id"] == service["id"])
            group["serviceLinks"].append(link | {"id": identifier, "name": preview["name"]})
        commit = {"id": commit_id, "message": f"Pull request {number}", "createdAt": now}
        self._deploys.start(preview, "new_commit", commit=commit, first=True)
        return preview


def _mode(details: Json) -> str:
    old = {"yes": "automatic", "no": "off"}[details.get("pullRequestPreviewsEnabled", "no")]
    return str(details.get("previews", {}).get("generation", old)) if old == "off" else old
