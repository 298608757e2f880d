"""Deploys: how they begin, pass through their phases as the clock runs, and end."""

import hashlib

from rehearsal.render_api.estate import Estate, timestamp
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

# When each phase ends, as a share of the time a deploy takes.
CREATED = ("created", 0.1)
BUILD = ("build_in_progress", 0.7)
PRE_DEPLOY = ("pre_deploy_in_progress", 0.8)
UPDATE = ("update_in_progress", 1.0)

RUNNING = frozenset({"created", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
UNFINISHED = RUNNING | {"queued"}


class Deploys:
    """The deploys of all services.

    With `queue`, a deploy that is asked for while another one runs waits, and is answered 202 without a body. Without
    it, the new one cancels the running one (Render documentation, Overlapping deploys).
    """

    def __init__(self, estate: Estate, seconds: float, queue: bool) -> None:
        self._estate = estate
        self.seconds = seconds
        self._queue = queue

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("GET", "/services/{id}/deploys", self.list_all),
            Route("POST", "/services/{id}/deploys", self.create, "CreateDeployBody"),
            Route("GET", "/services/{id}/deploys/{deploy}", self.get),
            Route("POST", "/services/{id}/deploys/{deploy}/cancel", self.cancel),
            Route("POST", "/services/{id}/rollback", self.rollback, "RollbackDeployBody"),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Answer the deploys of a service, newest first."""
        self._estate.get(call, self._estate.services, service_id)
        statuses = call.filter("status")
        rows = [
            deploy for deploy in self._estate.deploys_of(service_id) if statuses is None or deploy["status"] in statuses
        ]
        return 200, call.page(rows, "deploy", lambda row: str(row["id"]))

    def create(self, call: Call, service_id: str) -> Answer:
        """Deploy the branch's commit or a named one; with `deploy_only`, deploy the running build again."""
        service = self._deployable(call, service_id)
        body = call.object()
        build_only = {"clearCache", "commitId", "imageUrl"} & body.keys()
        if body.get("deployMode") != "deploy_only":
            deploy = self.start(service, "api", commit=self._commit(service, body.get("commitId")))
        elif build_only:
            raise ApiError(400, f"deploy_only cannot be combined with {', '.join(sorted(build_only))}")
        elif live := self._estate.live_deploy(service_id):
            deploy = self.start(service, "api", commit=live["commit"], built=True)
        else:
            raise ApiError(400, "there is no successful build to deploy")
        return self._started(deploy)

    def get(self, call: Call, service_id: str, deploy_id: str) -> Answer:
        """Answer one deploy."""
        return 200, public(self._one(call, service_id, deploy_id))

    def cancel(self, call: Call, service_id: str, deploy_id: str) -> Answer:
        """Cancel a deploy that has not ended."""
        deploy = self._one(call, service_id, deploy_id)
        if deploy["status"] not in UNFINISHED:
            raise ApiError(400, f"a deploy that is {deploy['status']} cannot be canceled")
        self._end(deploy, "canceled", self._estate.clock())
        return 200, public(deploy)

    def rollback(self, call: Call, service_id: str) -> Answer:
        """Deploy an earlier build again. Automatic deploys stay as they are, unlike after a rollback in the dashboard.

        It runs with the variables that the service itself had then, and with what its groups hold now: a rollback takes
        the service's configuration from the target deploy (Render documentation, Rollbacks).
        """
        service = self._deployable(call, service_id)
        target = self._one(call, service_id, call.object()["deployId"])
        if target["status"] not in ("live", "deactivated"):
            raise ApiError(400, f"cannot roll back to a deploy that is {target['status']}")
        if not self._is_kept(service_id, target):
            raise ApiError(400, "the build of this deploy is no longer available")
        return self._started(
            self.start(service, "rollback", commit=target["commit"], built=True, variables=target["_variables"])
        )

    def _is_kept(self, service_id: str, target: Json) -> bool:
        """Whether Render still keeps the build.

        It keeps a number of builds by the workspace's plan; the deploys stay listed.
        """
        served = [d for d in self._estate.deploys_of(service_id) if d["status"] in ("live", "deactivated")]
        builds = list(dict.fromkeys((d["commit"] or {}).get("id") for d in served))
        return (target["commit"] or {}).get("id") in builds[: self._estate.builds_kept]

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
        """Start a deploy of a service, or queue it."""
        now = self._estate.now()
        deploy: Json = {"id": self._estate.new_id("dep"), "commit": commit}
        image = "imagePath" in service
        if image:
            reference = service["imagePath"]
            digest = hashlib.sha256(reference.encode()).hexdigest()
            deploy["image"] = {"ref": reference, "sha": f"sha256:{digest}"}
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
        running = [row for row in self._estate.deploys_of(service["id"]) if row["status"] in UNFINISHED]
        self._estate.deploys[deploy["id"]] = deploy
        service["updatedAt"] = now  # recording web_service_env_vars.jsonl line 50
        if running and self._queue:
            return deploy
        for other in running:
            self._end(other, "canceled", self._estate.clock())
        self._begin(deploy, self._estate.clock())
        return deploy

    def head(self, service: Json) -> Json | None:
        """Return the newest commit of a service's branch. For a repository that is not known, a commit is made up."""
        if "repo" not in service or "branch" not in service:  # it runs an image
            return None
        branches = self._estate.repos.setdefault(service["repo"], {})
        branch = service["branch"]
        if branch not in branches:
            sha = hashlib.sha1(f"{service['repo']}#{branch}".encode()).hexdigest()
            branches[branch] = {"id": sha, "message": f"Head of {branch}", "createdAt": self._estate.now()}
        return dict(branches[branch])

    def settle(self) -> None:
        """Bring every deploy to where it is by the clock."""
        busy: set[str] = set()
        freed: dict[str, float] = {}
        for deploy in list(self._estate.deploys.values()):  # oldest first: a queued one follows its forerunner
            service_id = deploy["_service"]
            if deploy["status"] == "queued" and service_id not in busy:
                self._begin(deploy, freed.get(service_id, self._estate.clock()))
            if deploy["status"] in RUNNING:
                self._advance(deploy)
            if deploy["status"] in UNFINISHED:
                busy.add(service_id)
            elif "_ended" in deploy:
                freed[service_id] = deploy["_ended"]

    def _advance(self, deploy: Json) -> None:
        elapsed = self._estate.clock() - deploy["_began"]
        failed = (deploy["commit"] or {}).get("id") in self._estate.bad_commits
        for status, share in deploy["_phases"]:
            ends = share * self.seconds
            if elapsed < ends:
                if status != deploy["status"]:
                    deploy |= {"status": status, "updatedAt": self._estate.now()}
                return
            if failed and status == "build_in_progress":
                self._end(deploy, "build_failed", deploy["_began"] + ends)
                return
        if previous := self._estate.live_deploy(deploy["_service"]):
            previous |= {"status": "deactivated", "updatedAt": self._estate.now()}
        self._end(deploy, "live", deploy["_began"] + self.seconds)

    def _begin(self, deploy: Json, moment: float) -> None:
        service_id = deploy["_service"]
        if deploy["_variables"] is None:
            deploy["_variables"] = dict(self._estate.env_vars.get(service_id, {}))
        environment = self._estate.effective_environment(service_id, deploy["_variables"])
        self._estate.deploy_environment[deploy["id"]] = environment
        deploy |= {"_began": moment, "status": deploy["_phases"][0][0], "updatedAt": self._estate.now()}

    def _end(self, deploy: Json, status: str, moment: float) -> None:
        finished = timestamp(round(moment * 10**6) * 1000)
        deploy |= {"status": status, "finishedAt": finished, "updatedAt": finished, "_ended": moment}

    def _started(self, deploy: Json) -> Answer:
        return (202, None) if deploy["status"] == "queued" else (201, public(deploy))

    def _commit(self, service: Json, commit_id: object) -> Json | None:
        """Return the commit to deploy.

        One that no known branch has is accepted, because it may be older than the head.
        """
        head = self.head(service)
        if head is None or commit_id is None:
            return head
        branches = self._estate.repos[service["repo"]].values()
        known = next((commit for commit in branches if commit["id"] == commit_id), None)
        return dict(known or {"id": commit_id, "message": "", "createdAt": head["createdAt"]})

    def _deployable(self, call: Call, service_id: str) -> Json:
        service = self._estate.get(call, self._estate.services, service_id)
        if service["suspended"] == "suspended":
            raise ApiError(400, "cannot deploy a suspended service")
        return service

    def _one(self, call: Call, service_id: str, deploy_id: str) -> Json:
        self._estate.get(call, self._estate.services, service_id)
        deploy = self._estate.deploys.get(deploy_id)
        if deploy is None or deploy["_service"] != service_id:
            raise not_found(deploy_id)
        return deploy


def phases(service: Json, *, build: bool, first: bool) -> list[tuple[str, float]]:
    """Return the phases that a deploy passes through.

    A deploy that the API asks for is already building in its answer, and one of an image is updating (recordings
    web_service.jsonl line 55 and web_service_env_vars.jsonl line 49). Only a service's first deploy is seen as created.
    """
    details = service["serviceDetails"].get("envSpecificDetails", {})
    optional = {CREATED: first, BUILD: build, PRE_DEPLOY: bool(details.get("preDeployCommand"))}
    return [phase for phase, wanted in optional.items() if wanted] + [UPDATE]
