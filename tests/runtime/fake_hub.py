"""As much of the Hugging Face Hub as a push and a fetch ask of it, on a port of this machine."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "hf_secret"


class Hub(BaseHTTPRequestHandler):
    """`server.repositories`: for each name the files of its one branch, by their names."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        repositories = self.server.repositories
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer({"error": "Invalid username or password."}, status=401)
        if self.path == "/api/validate-yaml":
            self.server.cards.append(json.loads(body)["content"])
            return self.answer({"errors": [], "warnings": []})
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            name = "/".join(filter(None, (asked.get("organization"), asked["name"])))
            private = asked.get("private") or asked.get("visibility") == "private"
            self.server.private[name] = private
            repositories.setdefault(name, {})
            return self.answer({"url": f"{self.server.url}/{name}", "name": name})
        name, _, what = (
            self.path.removeprefix("/api/models/").rpartition("/main")[0].rpartition("/")
        )
        if what == "preupload":
            files = json.loads(body)["files"]
            modes = [{"path": f["path"], "uploadMode": "regular"} for f in files]
            return self.answer({"files": [m | {"shouldIgnore": False} for m in modes]})
        if what == "commit":
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    data = base64.b64decode(line["value"]["content"])
                    repositories[name][line["value"]["path"]] = data
            commit = f"{self.server.url}/{name}/commit/{_sha(repositories[name])}"
            return self.answer({"commitUrl": commit, "commitOid": commit[-40:], "success": True})
        return self.answer({"error": f"unknown: {self.path}"}, status=404)

    def do_GET(self):
        parts = self.path.partition("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"] and "/".join(parts[2:4]) in self.server.repositories:
            files = self.server.repositories["/".join(parts[2:4])]
            if parts[4:] == ["tree", _sha(files)]:
                rows = [{"type": "file", "path": k, "size": len(v)} for k, v in files.items()]
                return self.answer(
                    [r | {"oid": hashlib.sha1(files[r["path"]]).hexdigest()} for r in rows]
                )
            if parts[4:] not in ([], ["revision", "main"]):
                return self.answer({"error": "Invalid rev id"}, 404, code="RevisionNotFound")
            siblings = [{"rfilename": name} for name in files]
            return self.answer(
                {"id": "/".join(parts[2:4]), "sha": _sha(files), "siblings": siblings}
            )
        files = self.server.repositories.get("/".join(parts[:2]), {})
        if len(parts) == 5 and parts[2] == "resolve" and parts[4] in files:
            return self.answer(files[parts[4]], commit=_sha(files))
        return self.answer({"error": "Repository not found"}, 404, code="RepoNotFound")

    do_HEAD = do_GET

    def answer(self, content, status=200, *, code=None, commit=None):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.server.asked.append(f"{self.command} {self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        if code is not None:
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", content["error"])
        if commit is not None:
            self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _sha(files):
    return hashlib.sha1(b"".join(files[name] for name in sorted(files))).hexdigest()


@contextmanager
def fake_hub():
    """A hub without repositories: its `url`, `repositories`, which are `private`, the `cards`
    that it should judge, and what it was `asked`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.repositories, server.private, server.cards, server.asked = {}, {}, [], []
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
