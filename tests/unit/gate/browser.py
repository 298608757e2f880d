"""A headless Chromium, where the machine has one: opens a page from a file, and tells what it saw."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape, unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
_PROBE = """
<script>
addEventListener("load", () => {
  const shown = [...document.querySelectorAll("body *")].filter(e => !e.closest("thead"));  // hidden on a phone
  const wide = shown.filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  parent.postMessage({
    window: innerWidth, page: document.documentElement.scrollWidth,
    wide: wide.map(e => `${e.tagName} ${e.textContent.slice(0, 40)}`).slice(0, 5),
    loaded: performance.getEntriesByType("resource").map(e => e.name),
    headings: [...document.querySelectorAll("h1,h2,h3")].map(e => e.tagName),
    captions: [...document.querySelectorAll("table")].map(e => e.caption && e.caption.textContent),
    dead: [...document.querySelectorAll('a[href^="#"]')].map(e => e.hash).filter(h => !document.querySelector(h)),
  }, "*");
});
</script>
"""
_FRAME = """<!DOCTYPE html><title>waiting</title><body style="margin:0">
<script>addEventListener("message", e => document.title += "PROBE" + JSON.stringify(e.data))</script>
"""
_WINDOW = '<iframe style="border:0;display:block;width:{width}px;height:{height}px" srcdoc="{page}"></iframe>'
"""A window of any width: Chromium's own are 500 pixels wide at least."""


class Browser:
    """Args: profile: an empty folder of its own."""

    def __init__(self, profile: Path) -> None:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            pytest.skip(f"no browser on this machine: none of {', '.join(NAMES)} is on PATH")
        self._folder = profile.parent
        self._command = [
            *(found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--hide-scrollbars", "--enable-logging=stderr", f"--user-data-dir={profile}"),
        ]

    def run(self, file: Path, width: int, *options: str) -> subprocess.CompletedProcess[str]:
        # Nowhere to go: a request that leaves the machine would fail, and be logged.
        network = ["--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>"]
        size = f"--window-size={width},2400"
        command = [*self._command, *network, size, *options, file.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    def problems(self, file: Path, *widths: int) -> list[str]:
        """What is wrong with the page as it is, and in windows of these widths."""
        log = self.run(file, 1200, "--dump-dom").stderr
        found = [line for line in log.splitlines() if "CONSOLE" in line]
        dom = self.run(self._framed(file, 2000, *widths, script=_PROBE), 1200, "--dump-dom").stdout
        title = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)
        loaded = [json.loads(one) for one in unescape(title[1] if title else "").split("PROBE")[1:]]
        found += ["it was not loaded to its end"] if {seen["window"] for seen in loaded} != {*widths} else []
        return found + [problem for seen in loaded for problem in self._seen(seen)]

    @staticmethod
    def _seen(seen: dict[str, Any]) -> list[str]:
        levels = [int(tag[1]) for tag in seen["headings"]]
        found = [f"it asked for {address}" for address in seen["loaded"]]
        found += [f"wider than the window: {what}" for what in seen["wide"]]
        found += [f"wider than {seen['window']}"] if seen["page"] > seen["window"] else []
        found += ["headings out of order"] if levels[:1] != [1] or any(b > a + 1 for a, b in pairwise(levels)) else []
        found += ["a table without a caption"] if not all(seen["captions"]) else []
        return found + [f"nothing at {anchor}" for anchor in seen["dead"]]

    def picture(self, file: Path, to: Path, width: int, height: int, *, dark: bool = False) -> bytes:
        """A screenshot as PNG."""
        theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
        size = f"--window-size={max(width, 500)},{height}"
        self.run(self._framed(file, height, width), width, *theme, f"--screenshot={to}", size)
        return to.read_bytes()

    def _framed(self, file: Path, height: int, *widths: int, script: str = "") -> Path:
        """Scripts run only in a copy without the page's own policy, which forbids them."""
        text = file.read_text()
        if script:
            text = re.sub(r"<meta http-equiv=[^>]*>", "", text).replace("</body>", f"{script}</body>")
        frame = self._folder / f"{file.stem}-framed.html"
        windows = [_WINDOW.format(width=width, height=height, page=escape(text)) for width in widths]
        frame.write_text("".join([_FRAME, *windows]))
        return frame
