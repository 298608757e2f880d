"""The number of instances of a service, and its disk: the endpoints beside the service's own PATCH.

A new number of instances takes effect without a deploy (Render documentation, Scaling).
"""

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.service_details import autoscale, refuse_scaling
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found


class Instances:
    """The endpoints of scaling, autoscaling and disks."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("POST", "/services/{id}/scale", self.scale, "ScaleServiceBody"),
            Route("PUT", "/services/{id}/autoscaling", self.put_autoscaling, "AutoscalingConfig"),
            Route("DELETE", "/services/{id}/autoscaling", self.delete_autoscaling),
            Route("GET", "/disks", self.list_disks),
            Route("POST", "/disks", self.add_disk, "DiskPOST"),
            Route("GET", "/disks/{id}", self.get_disk),
            Route("PATCH", "/disks/{id}", self.patch_disk, "DiskPATCH"),
            Route("DELETE", "/disks/{id}", self.delete_disk),
        ]

    def scale(self, call: Call, service_id: str) -> Answer:
        """Set the number of instances by hand."""
        self._changed(call, service_id, {"numInstances": call.object()["numInstances"]})
        return 202, None

    def put_autoscaling(self, call: Call, service_id: str) -> Answer:
        """Let Render set the number of instances."""
        changed = dict(self._details(call, service_id))
        autoscale(changed, call.object())
        self._changed(call, service_id, {"autoscaling": changed["autoscaling"]})
        return 200, changed["autoscaling"]

    def delete_autoscaling(self, call: Call, service_id: str) -> Answer:
        """Set the number of instances by hand again."""
        self._details(call, service_id).pop("autoscaling", None)
        return 204, None

    def list_disks(self, call: Call) -> Answer:
        """Answer the disks of the services that the key sees."""
        wanted = call.filter("serviceId")
        rows = [
            shown(service)
            for service in self._estate.visible(call, self._estate.services)
            if "disk" in service["serviceDetails"] and (wanted is None or service["id"] in wanted)
        ]
        return 200, call.page(rows, "disk", lambda row: str(row["id"]))

    def add_disk(self, call: Call) -> Answer:
        """Add a disk to a service, which can have one."""
        body = call.object()
        if "disk" in self._details(call, body["serviceId"]):
            raise ApiError(400, "the service has a disk")
        disk = {"id": self._estate.new_id("dsk")} | {name: body[name] for name in ("name", "mountPath", "sizeGB")}
        return 201, shown(self._changed(call, body["serviceId"], {"disk": disk}))

    def get_disk(self, call: Call, disk_id: str) -> Answer:
        """Answer one disk."""
        return 200, shown(self._with_disk(call, disk_id))

    def patch_disk(self, call: Call, disk_id: str) -> Answer:
        """Change a disk. It cannot become smaller (Render documentation, Disks)."""
        service, body = self._with_disk(call, disk_id), call.object()
        disk = service["serviceDetails"]["disk"]
        if body.get("sizeGB", disk["sizeGB"]) < disk["sizeGB"]:
            raise ApiError(400, "sizeGB cannot be decreased")
        disk |= body
        return 200, shown(service) | {"updatedAt": self._estate.now()}

    def delete_disk(self, call: Call, disk_id: str) -> Answer:
        """Delete a disk and its data."""
        del self._with_disk(call, disk_id)["serviceDetails"]["disk"]
        return 204, None

    def _details(self, call: Call, service_id: str) -> Json:
        service = self._estate.get(call, self._estate.services, service_id)
        if service["type"] in ("static_site", "cron_job"):
            raise ApiError(400, f"a {service['type']} has no instances")
        details: Json = service["serviceDetails"]
        return details

    def _changed(self, call: Call, service_id: str, change: Json) -> Json:
        details = self._details(call, service_id)
        refuse_scaling(details | change)
        details |= change
        service = self._estate.services[service_id]
        service["updatedAt"] = self._estate.now()
        return service

    def _with_disk(self, call: Call, disk_id: str) -> Json:
        for service in self._estate.visible(call, self._estate.services):
            if service["serviceDetails"].get("disk", {}).get("id") == disk_id:
                return service
        raise not_found(disk_id)


def shown(service: Json) -> Json:
    """Return a disk as it is answered alone: more than in the service (recording web_service.jsonl line 48)."""
    moments = {"createdAt": service["createdAt"], "updatedAt": service["updatedAt"]}
    disk: Json = service["serviceDetails"]["disk"]
    return disk | {"serviceId": service["id"]} | moments
