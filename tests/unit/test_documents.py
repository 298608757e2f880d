"""The reader that tests the documents: which blocks it finds, and that a failing command does not pass."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.documents import blocks, follow, reading

DOCUMENT = """# A document

```sh
export GREETING=hello
cd folder
```

    indented, and so no block

```yaml
key: value
```

1. In a list:

   ```sh
   printf '%s' "$GREETING $NAME"
   cat
   ```

<!-- by hand: a click in a dashboard -->
```sh
false
```

```sh
pwd
```
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "DOCUMENT.md"
    path.write_text(text)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Any:
    """As much of a world as a shell needs."""
    (tmp_path / "project" / "folder").mkdir(parents=True)
    return SimpleNamespace(folder=tmp_path, project=tmp_path / "project", environment={"PATH": "/none:/usr/bin:/bin"})


def test_blocks_come_in_order_with_the_reason_where_one_is_done_by_hand(tmp_path: Path) -> None:
    assert blocks(written(tmp_path, DOCUMENT)) == [
        ("export GREETING=hello\ncd folder", None),
        ("printf '%s' \"$GREETING $NAME\"\ncat", None),
        ("false", "a click in a dashboard"),
        ("pwd", None),
    ]


@pytest.mark.parametrize("fence", ["```bash", "```console", "```"])
def test_a_block_that_would_be_passed_over_is_refused(tmp_path: Path, fence: str) -> None:
    with pytest.raises(ValueError, match=r"DOCUMENT\.md, line 3: .* expected sh"):
        blocks(written(tmp_path, f"# Title\n\n{fence}\nls\n```\n"))


def test_one_shell_types_every_block_and_nobody_answers_its_questions(tmp_path: Path, place: Any) -> None:
    printed = follow(written(tmp_path, DOCUMENT), place, {"NAME": "world"})
    assert printed == ["", "hello world", f"{place.project / 'folder'}\n"]


@pytest.mark.parametrize("commands", ["false\necho on", "false | cat\necho on", "echo $NOT_GIVEN\necho on", "exit 0"])
def test_a_command_that_fails_ends_it_and_is_named(place: Any, commands: str) -> None:
    with reading(place) as reader, pytest.raises(AssertionError, match="exit") as failed:
        reader.types(commands)
    said, _, printed = str(failed.value).partition("\nafter\n")
    assert commands.splitlines()[0] in said
    assert "on\n" not in printed


def test_the_environment_of_the_project_is_at_hand(place: Any) -> None:
    with reading(place) as reader:
        assert reader.types("venv/bin/python -c 'import pulumi; print(pulumi.__name__)'") == "pulumi\n"
        assert reader.types("python -c 'import pulumi; print(pulumi.__name__)'") == "pulumi\n"


def test_a_block_that_does_not_end_is_ended(place: Any) -> None:
    with reading(place) as reader:
        reader._patience = 0.2
        with pytest.raises(AssertionError, match="exit -9"):
            reader.types("sleep 60")
