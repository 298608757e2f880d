"""Release tags: semantic versions with a v in front, in the order of semver.org."""

from semver import Version

EXPECTED = "expected a semantic version with a v in front, such as v1.2.3"


def parse(tag: str) -> Version | None:
    """Return the version that a tag names, or None if it names none or has a build label."""
    if not tag.startswith("v") or not Version.is_valid(tag[1:]):
        return None
    found = Version.parse(tag[1:])
    return None if found.build else found


def problem_with(tag: str) -> str:
    """Return why a tag is no release tag; empty if it is one."""
    if parse(tag):
        return ""
    core, plus, label = tag.partition("+")
    if plus and parse(core):
        return (
            f"{tag} is not a release tag: the build label +{label} does not say which release is newer (semver.org, "
            f"10). Tag the commit {core}, or the next version"
        )
    return f"{tag} is not a release tag: {EXPECTED}"


def taken_back_to(tag: str) -> str | None:
    """Return the release that a tag such as v1.0.0-rollback asks to go back to (plan 8.3, option C), or None."""
    version = parse(tag)
    if version is None or not version.prerelease or version.prerelease.split(".")[0] != "rollback":
        return None
    return f"v{version.finalize_version()}"
