"""The set-up behind the make targets: which Python, which Pulumi CLI, what is made once and what is made again."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools import pulumi_cli, running
from tools.environment import complaint_about_python, prepare_environment
from tools.pulumi_cli import Version, complaint_about_cli, parse_version, prepare_cli
from tools.running import SetupError, run_with_progress

REPOSITORY = Path(__file__).resolve().parents[2]
PINNED = "v3.210.0"


def program(path: Path, body: str) -> Path:
    """An executable shell script; it can rely on the shell's own commands only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return path


class Project:
    """A project folder and a PATH with nothing on it but what a test puts there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "path"
        self.path.mkdir()
        self.built = root / ".cache" / "pulumi" / "pulumi"
        self.log = root / "log"
        module = root / "tools" / "pulumi"
        module.mkdir(parents=True)
        (module / "go.mod").write_text(
            f"module example\n\ngo 1.24.7\n\nrequire (\n\tgithub.com/pulumi/pulumi/pkg/v3 {PINNED} // indirect\n)\n"
        )
        (root / "requirements-dev.txt").write_text("-r requirements.txt\n")
        (root / "requirements.txt").write_text("pulumi==3.272.0\n")

    def has_cli(self, version: str) -> Path:
        return program(self.path / "pulumi", f"echo {version}\n")

    def has_go(self, version: str = "1.26.0", builds: str = PINNED, fails: str = "", takes: float = 0) -> None:
        """A Go whose build writes a CLI that answers `builds`, or half of one if the build `fails`."""
        chmod, sleep = shutil.which("chmod", path=os.defpath), shutil.which("sleep", path=os.defpath)
        program(
            self.path / "go",
            f'if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit 0; fi\n'
            f'echo "$$ $*" >> {self.log}\n'
            'while [ "$1" != -o ]; do shift; done\n'
            'echo half > "$2"\n'
            f"{sleep} {takes}\n"
            f'if [ -n "{fails}" ]; then echo "{fails}" >&2; exit 1; fi\n'
            f'printf "#!/bin/sh\\necho {builds}\\n" > "$2"; {chmod} +x "$2"\n',
        )

    def logged(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def has_environment(self, installs: bool = True) -> None:
        """A virtual environment whose Python answers as a good one, and notes what pip is asked for."""
        program(
            self.root / "venv" / "bin" / "python",
            'if [ "$1" = -c ]; then echo "python3.11 True"; exit 0; fi\n'
            f'echo "$*" >> {self.log}\n' + ("" if installs else "echo 'no such package'; exit 1\n"),
        )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path)
    monkeypatch.setenv("PATH", str(project.path))
    monkeypatch.delenv("MARKETEDGE_PULUMI", raising=False)
    return project


class TestWhichCli:
    @pytest.mark.parametrize(
        ("text", "version"),
        [
            ("v3.210.0", Version(3, 210, 0)),
            ("3.272.1-alpha.7+dirty\n", Version(3, 272, 1)),
            ("go version go1.26.8 linux/amd64", Version(1, 26, 8)),
            ("1.25", Version(1, 25, 0)),
            ("", None),
            ("3", None),
            ("v3.x.0", None),
            ("v3.210.0.1", None),
            ("error: no version 3.210.0", None),
        ],
    )
    def test_reads_versions_and_nothing_else(self, text: str, version: Version | None) -> None:
        assert parse_version(text) == version

    @pytest.mark.parametrize("version", ["v3.200.0", "v3.272.0", "3.210.0-dev.0", "v3.999.9"])
    def test_accepts_every_release_in_the_range(self, project: Project, version: str) -> None:
        assert complaint_about_cli(str(project.has_cli(version))) is None

    @pytest.mark.parametrize(
        ("script", "complaint"),
        [
            ("echo v3.199.9", "is version 3.199.9, older than 3.200.0"),
            ("echo v4.0.0", "is version 4.0.0, and 4.0.0 or newer is not known to work"),
            ("echo Hello, and welcome", "does not tell its version (exit code 0, it said: Hello, and welcome)"),
            ("true", "does not tell its version (exit code 0, it said: nothing)"),
            ("echo v3.210.0; exit 3", "does not tell its version (exit code 3"),
            ("echo no version is set >&2; exit 126", "(exit code 126, it said: no version is set)"),
        ],
    )
    def test_says_what_is_wrong_with_any_other(self, project: Project, script: str, complaint: str) -> None:
        binary = program(project.path / "pulumi", script)
        assert complaint in (complaint_about_cli(str(binary)) or "")

    def test_complains_about_one_that_is_not_there(self, tmp_path: Path) -> None:
        assert "does not tell its version" in (complaint_about_cli(str(tmp_path / "pulumi")) or "")

    def test_the_pinned_one_is_suitable_and_its_checksum_is_recorded(self) -> None:
        pinned = pulumi_cli.pinned_cli(REPOSITORY)
        version = parse_version(pinned)
        assert version is not None
        assert pulumi_cli.OLDEST_CLI <= version < pulumi_cli.FIRST_UNSUITABLE_CLI
        assert f"{pulumi_cli.CLI_MODULE} {pinned} h1:" in (REPOSITORY / "tools/pulumi/go.sum").read_text()

    def test_takes_a_suitable_one_from_path_and_builds_nothing(self, project: Project) -> None:
        project.has_go()
        on_path = project.has_cli("v3.272.0")
        assert prepare_cli(project.root) == str(on_path)
        assert project.logged() == []

    def test_builds_one_where_there_is_none(self, project: Project) -> None:
        project.has_go()
        assert prepare_cli(project.root) == str(project.built)
        assert complaint_about_cli(str(project.built)) is None
        (build,) = project.logged()
        assert build.endswith("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")
        assert f"version.Version={PINNED}" in build  # without it the Automation API refuses the CLI

    def test_builds_one_where_the_one_on_path_is_too_old_and_says_so(
        self, project: Project, capsys: pytest.CaptureFixture[str]
    ) -> None:
        project.has_go()
        project.has_cli("v3.1.0")
        assert prepare_cli(project.root) == str(project.built)
        assert "is version 3.1.0, older than 3.200.0; building one" in capsys.readouterr().err

    def test_uses_again_what_it_built(self, project: Project) -> None:
        project.has_go()
        prepare_cli(project.root)
        (project.path / "go").unlink()
        assert prepare_cli(project.root) == str(project.built)

    @pytest.mark.parametrize("answer", ["echo v3.209.0", "exit 1"])
    def test_builds_again_when_the_pin_has_moved_or_the_binary_is_broken(self, project: Project, answer: str) -> None:
        program(project.built, answer)
        project.has_go()
        prepare_cli(project.root)
        assert len(project.logged()) == 1

    def test_a_named_one_wins(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        project.has_cli("v3.272.0")
        named = program(project.root / "elsewhere" / "pulumi", "echo v3.250.0")
        monkeypatch.setenv("MARKETEDGE_PULUMI", str(named))
        assert prepare_cli(project.root) == str(named)

    @pytest.mark.parametrize("make_it", [True, False], ids=["too old", "missing"])
    def test_an_unsuitable_named_one_is_an_error_not_a_build(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, make_it: bool
    ) -> None:
        project.has_go()
        named = project.root / "elsewhere" / "pulumi"
        if make_it:
            program(named, "echo v2.0.0")
        monkeypatch.setenv("MARKETEDGE_PULUMI", str(named))
        with pytest.raises(SetupError, match=r"^MARKETEDGE_PULUMI: .*(older than|not a program)"):
            prepare_cli(project.root)
        assert project.logged() == []


class TestBuild:
    def refusal(self, project: Project) -> str:
        with pytest.raises(SetupError) as refusal:
            prepare_cli(project.root)
        assert not project.built.exists()
        return str(refusal.value)

    def test_without_go_says_how_to_install_the_cli(self, project: Project) -> None:
        message = self.refusal(project)
        assert "no pulumi on PATH; and none can be built: Go is not on PATH" in message
        assert "brew install pulumi" in message
        assert "https://www.pulumi.com/docs/install/" in message

    def test_with_an_old_go_says_which_is_needed(self, project: Project) -> None:
        project.has_go(version="1.19.13")
        message = self.refusal(project)
        assert "Go 1.19.13 is too old, 1.24.7 is needed" in message
        assert "https://www.pulumi.com/docs/install/" in message

    def test_passes_on_why_go_refuses(self, project: Project) -> None:
        program(project.path / "go", "echo 'go: go.mod requires go >= 1.24.7 (running go 1.22.1)' >&2; exit 1")
        assert "requires go >= 1.24.7 (running go 1.22.1)" in self.refusal(project)

    def test_a_failed_one_shows_its_last_words_and_leaves_nothing(self, project: Project) -> None:
        project.has_go(fails="no space left on device")
        message = self.refusal(project)
        assert "  | no space left on device" in message
        assert "https://www.pulumi.com/docs/install/" in message
        assert list(project.built.parent.iterdir()) == []

    def test_one_that_does_not_work_is_not_kept(self, project: Project) -> None:
        project.has_go(builds="v0.0.0")
        assert "the CLI that was built is of no use" in self.refusal(project)
        assert list(project.built.parent.iterdir()) == []

    def test_never_takes_the_half_of_a_killed_one_for_good(self, project: Project) -> None:
        program(project.built.with_name("pulumi.123.partial"), f"echo {PINNED}")
        assert "Go is not on PATH" in self.refusal(project)
        project.has_go()
        prepare_cli(project.root)
        assert [path.name for path in project.built.parent.iterdir()] == ["pulumi"]

    def test_two_at_once_make_one(self, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
        project.has_go(takes=0.5)
        answers: list[str] = []
        threads = [threading.Thread(target=lambda: answers.append(prepare_cli(project.root))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [str(project.built)] * 2
        assert len(project.logged()) == 1
        assert "waiting for another set-up" in capsys.readouterr().err


class TestEnvironment:
    def test_is_installed_once(self, project: Project) -> None:
        project.has_environment()
        prepare_environment(project.root)
        prepare_environment(project.root)
        (install,) = project.logged()
        assert install.startswith("-m pip")
        assert install.endswith("-r requirements-dev.txt")

    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
    def test_is_installed_again_when_a_requirements_file_changes(self, project: Project, name: str) -> None:
        project.has_environment()
        prepare_environment(project.root)
        with (project.root / name).open("a") as requirements:
            requirements.write("rich==15.0.0\n")
        prepare_environment(project.root)
        assert len(project.logged()) == 2

    def test_a_failed_installation_is_done_again(self, project: Project) -> None:
        project.has_environment()
        prepare_environment(project.root)
        (project.root / "requirements.txt").write_text("nonsense\n")
        project.has_environment(installs=False)
        with pytest.raises(SetupError, match="no such package"):
            prepare_environment(project.root)
        # Even back at the requirements that were installed before: nobody knows what the failed one left.
        (project.root / "requirements.txt").write_text("pulumi==3.272.0\n")
        project.has_environment()
        prepare_environment(project.root)
        assert len(project.logged()) == 3

    @pytest.mark.parametrize("answer", ["exit 1", "echo python3.10 False"], ids=["broken", "too old"])
    def test_one_whose_python_will_not_do_is_made_anew(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, answer: str
    ) -> None:
        project.has_environment()
        prepare_environment(project.root)
        good = (project.root / "venv" / "bin" / "python").rename(project.root / "good")
        program(project.root / "venv" / "bin" / "python", answer)
        move = f"{shutil.which('cp', path=os.defpath)} {good} {project.root}/venv/bin/python"
        base = program(project.root / "base", f'echo "$*" >> {project.log}\n{move}\n')
        monkeypatch.setattr(sys, "_base_executable", str(base))
        prepare_environment(project.root)
        assert project.logged()[1] == f"-m venv --clear {project.root}/venv"
        assert len(project.logged()) == 3

    def test_an_old_python_is_told_what_is_needed(self) -> None:
        assert "Python 3.11 or newer is needed" in (complaint_about_python((3, 9, 2), True) or "")

    def test_a_python_without_venv_is_told_where_to_get_it(self) -> None:
        assert "python3-venv" in (complaint_about_python((3, 12, 1), False) or "")

    def test_a_good_python_is_told_nothing(self) -> None:
        assert complaint_about_python((3, 11, 0), True) is None


class TestEntrance:
    """tools/setup.sh, with Pythons that answer only whether they will do and say when they are chosen."""

    @pytest.fixture
    def script(self, project: Project) -> Path:
        return Path(shutil.copy(REPOSITORY / "tools" / "setup.sh", project.root / "tools" / "setup.sh"))

    def run(self, script: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([script, "--pulumi"], capture_output=True, text=True, check=False)

    def python(self, path: Path, good: bool = True) -> None:
        program(path, f'case "$1$2" in -c) ;; -c*) exit {int(not good)} ;; *) echo {path.name} "$@" ;; esac\n')

    def test_skips_a_shim_of_a_python_that_is_not_installed(self, project: Project, script: Path) -> None:
        program(project.path / "python3.13", "echo not installed; exit 127")
        self.python(project.path / "python3.12")
        self.python(project.path / "python3")
        assert self.run(script).stdout == "python3.12 -m tools.setup --pulumi\n"

    def test_prefers_the_projects_own(self, project: Project, script: Path) -> None:
        self.python(project.path / "python3.13")
        self.python(project.root / "venv" / "bin" / "python")
        assert self.run(script).stdout == "python -m tools.setup --pulumi\n"

    def test_lets_an_unsuitable_python_say_why_it_is(self, project: Project, script: Path) -> None:
        self.python(project.path / "python3", good=False)
        assert self.run(script).stdout == "python3 -m tools.setup --pulumi\n"

    def test_without_any_python_says_so(self, script: Path) -> None:
        result = self.run(script)
        assert (result.returncode, result.stdout) == (1, "")
        assert "install Python 3.11 or newer" in result.stderr

    @pytest.mark.parametrize("path", sorted((REPOSITORY / "tools").glob("*.py")), ids=lambda path: path.name)
    def test_old_pythons_can_read_what_they_are_given(self, path: Path) -> None:
        ast.parse(path.read_text(), feature_version=(3, 7))


class TestProgress:
    def test_tells_the_time_and_the_latest_output(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "SECONDS_BETWEEN_LINES", 0.2)
        run_with_progress("building", ["sh", "-c", "echo first; echo second; sleep 1"], tmp_path)
        lines = capsys.readouterr().err.splitlines()
        assert lines[0] == "setup: building ..."
        assert any(re.fullmatch(r"setup: building: \d+ s  second", line) for line in lines[1:-1])
        assert lines[-1].startswith("setup: building: done in ")


@pytest.mark.e2e
def is_running(pid: int) -> bool:
    """Whether a process still runs; one that has ended stays listed until its parent has asked for it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and ") Z " in status.read_text())


class TestWholeSetUp:
    """The real scripts and a real virtual environment, with nothing to install, in a folder of their own."""

    @pytest.fixture
    def fresh(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
        project = Project(tmp_path)
        for path in [*(REPOSITORY / "tools").glob("*.py"), REPOSITORY / "tools" / "setup.sh"]:
            shutil.copy(path, tmp_path / "tools" / path.name)
        (tmp_path / "requirements.txt").write_text("")
        (project.path / "python3").symlink_to(sys.executable)
        monkeypatch.setenv("PATH", f"{project.path}:{os.defpath}")
        monkeypatch.delenv("MARKETEDGE_PULUMI", raising=False)
        return project

    def test_prepares_once_and_runs_the_command(self, fresh: Project) -> None:
        cli = fresh.has_cli("v3.272.0")
        show = 'import os, sys; print(sys.prefix, os.environ["MARKETEDGE_PULUMI"]); sys.exit(7)'
        command = [fresh.root / "tools" / "setup.sh", "--pulumi", "--", "venv/bin/python", "-c", show]
        first = subprocess.run(command, capture_output=True, text=True, check=False)
        second = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (first.returncode, first.stdout) == (7, f"{fresh.root}/venv {cli}\n")
        assert "creating venv/" in first.stderr
        assert (second.returncode, second.stdout, second.stderr) == (7, first.stdout, "")

    def test_ended_while_building_ends_the_build_and_leaves_nothing(self, fresh: Project) -> None:
        fresh.has_go(takes=20)
        process = subprocess.Popen([fresh.root / "tools" / "setup.sh", "--pulumi"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not list(fresh.built.parent.glob("*.partial")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 143
        assert list(fresh.built.parent.iterdir()) == []
        builder = int(fresh.logged()[0].split()[0])
        deadline = time.monotonic() + 10
        while is_running(builder):
            assert time.monotonic() < deadline
            time.sleep(0.05)
