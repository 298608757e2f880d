"""An object at a vendor as drift, preview, recover, adopt, doctor and report name it.

The kinds of objects are in `components.vendors`. How an existing one is found is in `components.accounts.lookup`.
"""

from gate.common.report import ReportPart


class VendorObject(ReportPart):
    """An object at a vendor, named as people know it: `GitHub`, `branch protection`, `staging`."""

    vendor: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.type} {self.name}"
