"""Deploys: how they begin, pass through their phases as the clock runs, and end."""

import hashlib
from collections.abc import Iterator

from rehearsal.render_api.endpoints import Collection, Route, route
from rehearsal.render_api.estate import timestamp
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public

# When each phase ends, as a share of the time a deploy takes.
CREATED = ("created", 0.1)
BUILD = ("build_in_progress", 0.7)
PRE_DEPLOY = ("pre_deploy_in_progress", 0.8)
UPDATE = ("update_in_progress", 1.0)

RUNNING = frozenset(phase for phase, _ in (CREATED, BUILD, PRE_DEPLOY, UPDATE))
UNFINISHED = RUNNING | {"queued"}
SERVED = frozenset({"live", "deactivated"})


class Deploys(Collection):
    """The deploys of all services.

    Where the estate queues deploys, one that is asked for while another one runs waits, and is answered 202 without a
    body. Otherwise the new one cancels the running one (Render documentation, Overlapping deploys).
    """

    path, table, item, prefix = "/services/{service}/deploys", "deploys", "deploy", "dep"
    post, deletable, filters = "CreateDeployBody", False, ("status",)

    def routes(self) -> Iterator[Route]:
        """Return the endpoints."""
        yield from super().routes()
        yield Route("POST", "/services/{service}/rollback", self, self.rollback, "RollbackDeployBody")

    def create(self, call: Call) -> Answer:
        """Deploy the branch's commit or a named one; with `deploy_only`, deploy the running build again."""
        service, body = deployable(call), call.body
        build_only = {"clearCache", "commitId", "imageUrl"} & body.keys()
        if body.get("deployMode") != "deploy_only":
            return self._started(self.start(service, "api", commit=self._commit(service, body.get("commitId"))))
        if build_only:
            raise ApiError(400, f"deploy_only cannot be combined with {', '.join(sorted(build_only))}")
        if live := self.estate.live_deploy(service["id"]):
            return self._started(self.start(service, "api", commit=live["commit"], built=True))
        raise ApiError(400, "there is no successful build to deploy")

    @route("POST", "/{id}/cancel")
    def cancel(self, call: Call, deploy: Json) -> Answer:
        """Cancel a deploy that has not ended."""
        if deploy["status"] not in UNFINISHED:
            raise ApiError(400, f"a deploy that is {deploy['status']} cannot be canceled")
        self._end(deploy, "canceled", self.estate.clock())
        return 200, public(deploy)

    def rollback(self, call: Call) -> Answer:
        """Deploy an earlier build again. Automatic deploys stay as they are, unlike after a rollback in the dashboard.

        It runs with the variables that the service itself had then, and with what its groups hold now: a rollback takes
        the service's configuration from the target deploy (Render documentation, Rollbacks).
        """
        service = deployable(call)
        target = self.one(call, call.body["deployId"])
        if target["status"] not in SERVED:
            raise ApiError(400, f"cannot roll back to a deploy that is {target['status']}")
        if not self._is_kept(target):
            raise ApiError(400, "the build of this deploy is no longer available")
        return self._started(
            self.start(service, "rollback", commit=target["commit"], built=True, variables=target["_variables"])
        )

    def _started(self, deploy: Json) -> Answer:
        return (202, None) if deploy["status"] == "queued" else (201, public(deploy))

    def _is_kept(self, target: Json) -> bool:
        """Whether Render still keeps the build.

        It keeps a number of builds by the workspace's plan; the deploys stay listed.
        """
        served = [d for d in self.estate.deploys_of(target["_service"]) if d["status"] in SERVED]
        builds = list(dict.fromkeys(map(commit_of, served)))
        return commit_of(target) in builds[: self.estate.builds_kept]

    def _commit(self, service: Json, commit_id: object) -> Json | None:
        """Return the commit to deploy.

        One that no known branch has is accepted, because it may be older than the head.
        """
        head = self.head(service)
        if head is None or commit_id is None:
            return head
        branches = self.estate.repos[service["repo"]].values()
        known = next((commit for commit in branches if commit["id"] == commit_id), None)
        return dict(known or {"id": commit_id, "message": "", "createdAt": head["createdAt"]})

    # What happens to deploys

    def head(self, service: Json) -> Json | None:
        """Return the newest commit of a service's branch. For a repository that is not known, a commit is made up."""
        if "repo" not in service or "branch" not in service:  # it runs an image
            return None
        branches, branch = self.estate.repos.setdefault(service["repo"], {}), service["branch"]
        if branch not in branches:
            sha = hashlib.sha1(f"{service['repo']}#{branch}".encode()).hexdigest()
            branches[branch] = {"id": sha, "message": f"Head of {branch}", "createdAt": self.estate.now()}
        return dict(branches[branch])

    def start(
        self,
        service: Json,
        trigger: str,
        *,
        commit: Json | None = None,
        built: bool = False,
        variables: dict[str, str] | None = None,
        first: bool = False,
    ) -> Json:
        """Start a deploy of a service, or queue it.

        Args:
            service: what is deployed.
            trigger: why, in Render's words.
            commit: what is built; None for an image.
            built: whether the build exists.
            variables: the service's own ones that it runs with; None for those of its beginning.
            first: whether it is the first one of the service.
        """
        now = self.estate.now()
        deploy: Json = {"id": self.estate.new_id(self.prefix), "commit": commit}
        if image := service.get("imagePath"):
            deploy["image"] = {"ref": image, "sha": f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"}
        deploy |= {
            "status": "queued",
            "trigger": trigger,
            "createdAt": now,
            "updatedAt": now,
            "finishedAt": None,
            "_service": service["id"],
            "_phases": phases(service, build=not (image or built), first=first),
            "_variables": variables,
        }
        running = [row for row in self.estate.deploys_of(service["id"]) if row["status"] in UNFINISHED]
        self.rows[deploy["id"]] = deploy
        service["updatedAt"] = now  # recording web_service_env_vars.jsonl line 50
        if running and self.estate.queue_deploys:
            return deploy
        for other in running:
            self._end(other, "canceled", self.estate.clock())
        self._begin(deploy, self.estate.clock())
        return deploy

    def settle(self) -> None:
        """Bring every deploy to where it is by the clock."""
        busy: set[str] = set()
        freed: dict[str, float] = {}
        for deploy in self.rows.values():  # oldest first: a queued one follows its forerunner
            service_id = deploy["_service"]
            if deploy["status"] == "queued" and service_id not in busy:
                self._begin(deploy, freed.get(service_id, self.estate.clock()))
            if deploy["status"] in RUNNING:
                self._advance(deploy)
            if deploy["status"] in UNFINISHED:
                busy.add(service_id)
            elif "_ended" in deploy:
                freed[service_id] = deploy["_ended"]

    def _begin(self, deploy: Json, moment: float) -> None:
        service_id = deploy["_service"]
        if deploy["_variables"] is None:
            deploy["_variables"] = dict(self.estate.env_vars.get(service_id, {}))
        environment = self.estate.effective_environment(service_id, deploy["_variables"])
        self.estate.deploy_environment[deploy["id"]] = environment
        deploy |= {"_began": moment, "status": deploy["_phases"][0][0], "updatedAt": self.estate.now()}

    def _advance(self, deploy: Json) -> None:
        elapsed, seconds = self.estate.clock() - deploy["_began"], self.estate.deploy_seconds
        failed = commit_of(deploy) in self.estate.bad_commits
        for status, share in deploy["_phases"]:
            ends = share * seconds
            if elapsed < ends:
                if status != deploy["status"]:
                    deploy |= {"status": status, "updatedAt": self.estate.now()}
                return
            if failed and status == "build_in_progress":
                self._end(deploy, "build_failed", deploy["_began"] + ends)
                return
        if previous := self.estate.live_deploy(deploy["_service"]):
            previous |= {"status": "deactivated", "updatedAt": self.estate.now()}
        self._end(deploy, "live", deploy["_began"] + seconds)

    def _end(self, deploy: Json, status: str, moment: float) -> None:
        finished = timestamp(round(moment * 10**6) * 1000)
        deploy |= {"status": status, "finishedAt": finished, "updatedAt": finished, "_ended": moment}


def commit_of(deploy: Json) -> str:
    """Return the commit of a deploy; empty for one of an image."""
    return str((deploy["commit"] or {}).get("id", ""))


def deployable(call: Call) -> Json:
    """Return the service of a call, unless it is suspended."""
    if call.service["suspended"] == "suspended":
        raise ApiError(400, "cannot deploy a suspended service")
    return call.service


def phases(service: Json, *, build: bool, first: bool) -> list[tuple[str, float]]:
    """Return the phases that a deploy passes through.

    A deploy that the API asks for is already building in its answer, and one of an image is updating (recordings
    web_service.jsonl line 55 and web_service_env_vars.jsonl line 49). Only a service's first deploy is seen as created.
    """
    details = service["serviceDetails"].get("envSpecificDetails", {})
    optional = {CREATED: first, BUILD: build, PRE_DEPLOY: bool(details.get("preDeployCommand"))}
    return [phase for phase, wanted in optional.items() if wanted] + [UPDATE]
