"""The built pages on a local server, as a host of static pages has them: below a path, compressed, with a 404.html."""

import gzip
import hashlib
import os
import re
import shutil
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from book.chapter import ROOT

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
BASEURL = CONFIG["html"]["baseurl"]
PREFIX = urlsplit(BASEURL).path
TEXT = {".html", ".css", ".js", ".json", ".svg", ".txt"}
MOVED = re.compile(r"location\.replace\(|http-equiv=\"refresh\"", re.IGNORECASE)


def toc() -> list[str]:
    """Names of the pages, without ending, in the order in which they are read."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [contents["root"], *(c["file"] for part in contents["parts"] for c in part["chapters"])]
    return [re.sub(r"\.(ipynb|md)$", "", name) for name in files]


def chapters() -> list[str]:
    """Names of the chapters' pages."""
    return [name for name in toc() if name.startswith("chapters/")]


def pages(html: Path) -> list[str]:
    """Names of all built pages; not those that only lead on to another."""
    found = [path.relative_to(html) for path in sorted(html.rglob("*.html"))]
    found = [path for path in found if path.parts[0] != "_static"]
    return [str(path.with_suffix("")) for path in found if not MOVED.search((html / path).read_text(encoding="utf-8"))]


def source(name: str) -> str:
    """The text that a page is made from; empty for pages that Sphinx makes."""
    path = ROOT / f"{name}.md"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def prose(name: str) -> str:
    """A page's text without front matter, code, links' addresses and directives' names."""
    text = re.sub(r"\A---\n.*?\n---\n", "", source(name), flags=re.DOTALL)
    text = re.sub(r"^(`{3,}).*?^\1`*$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text)


def turn(name: str, number: int) -> int:
    """Which of a number of ways to look at a page is its turn; another one as soon as its text changes."""
    return int.from_bytes(hashlib.sha256((name + source(name)).encode()).digest()) % number


@lru_cache(maxsize=256)
def compressed(path: Path, _changed: float) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


class Handler(SimpleHTTPRequestHandler):
    """Files below PREFIX; text compressed where the browser takes it; 404.html for all that is not there."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        root = Path(self.directory)
        path = unquote(urlsplit(self.path).path)
        target = root / path.removeprefix(PREFIX)
        status = 200
        if not path.startswith(PREFIX) or ".." in path or not target.is_file():
            status, target = 404, root / "404.html"
        body = target.read_bytes() if target.is_file() else b"not found"
        self.send_response(status)
        if target.suffix in TEXT and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = compressed(target, target.stat().st_mtime) if target.is_file() else gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(target)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Does not print that a browser has closed a connection."""

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(html: Path):
    """Serve a folder of pages; the address at which its pages start."""

    def handler(*arguments):
        return Handler(*arguments, directory=str(html))

    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Copy:
    """A copy of the pages to spoil; unspoilt files are links to the originals."""

    html: Path

    @classmethod
    def of(cls, html: Path, destination: Path) -> "Copy":
        shutil.copytree(html, destination, copy_function=os.link)
        return cls(destination)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text, which must be there."""
        path = self.html / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old!r}"
        path.unlink()
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
