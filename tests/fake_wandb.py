"""A W&B server on loopback: it keeps what wandb sends, and can refuse, die or be slow."""

import gzip
import json
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

KEY = "f" * 40  # W&B's are of as many digits
PROJECT = {"id": "p", "name": "memctl", "internalId": "cDp2MTptZW1jdGw6bWU="}
PLACE = {**PROJECT, "entity": {"id": "e", "name": "me"}}


@dataclass
class Sent:
    """What of one run has arrived."""

    bucket: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    complete: bool = False

    @property
    def config(self) -> dict[str, Any]:
        values = json.loads(self.bucket.get("config") or "{}")
        return {k: v["value"] for k, v in values.items() if k != "_wandb"}


class FakeWandb:
    """The server, as a context manager.

    Attributes:
        status: Of every answer; what came with one of another than 200 is not kept.
        delay: Seconds before each answer.
        left: Answers until it dies; None: it does not.
        runs: What has arrived, by the run's id.
        views: Workspaces and reports that were saved.
        artifacts: Requests to make one, by name.
    """

    def __init__(self, *, status: int = 200, delay: float = 0.0, left: int | None = None) -> None:
        self.status, self.delay, self.left = status, delay, left
        self.runs: dict[str, Sent] = defaultdict(Sent)
        self.views: list[dict[str, Any]] = []
        self.artifacts: dict[str, dict[str, Any]] = {}
        self.lock = threading.Lock()
        handler = type("Handler", (Handler,), {"fake": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def __enter__(self) -> "FakeWandb":
        threading.Thread(target=lambda: self.http.serve_forever(0.02), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def dies(self) -> bool:
        """Whether it dies instead of giving this answer."""
        with self.lock:
            if self.left is None:
                return False
            self.left -= 1
            if self.left == -1:
                threading.Thread(target=self.close).start()
            return self.left < 0

    def reply(self, method: str, path: str, body: bytes) -> Any:
        if self.status != 200:
            return {"errors": [{"message": "not here"}]}
        if path.startswith("/graphql"):
            asked = json.loads(body)
            name = re.search(r"\b(?:query|mutation)\s+(\w+)", asked["query"])
            answer = getattr(self, f"on_{name[1]}" if name else "", None)
            return {"data": answer(asked.get("variables") or {}) if answer else {}}
        if path.endswith("/file_stream"):
            self.stream(self.runs[path.split("/")[-2]], json.loads(body))
        elif method == "PUT":
            _, _, run, name = path.split("/", 3)
            self.runs[run].files[unquote(name)] = body
        return {}

    def stream(self, run: Sent, sent: dict[str, Any]) -> None:
        """Rows and summary that a run sends as it goes."""
        run.complete |= bool(sent.get("complete"))
        for name, part in sent.get("files", {}).items():
            lines = [json.loads(line) for line in part["content"]]
            if name == "wandb-history.jsonl":
                run.history[part["offset"] :] = lines
            elif name == "wandb-summary.json":
                run.summary = lines[-1]

    def on_Viewer(self, asked: dict[str, Any]) -> dict[str, Any]:
        viewer = {"id": "me", "entity": "me", "username": "me", "email": "", "flags": "{}"}
        return {"viewer": {**viewer, "teams": {"edges": []}}}

    def on_ServerFeaturesQuery(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"serverInfo": {"features": []}}

    def on_RunResumeStatus(self, asked: dict[str, Any]) -> dict[str, Any]:
        bucket, run = None, self.runs.get(asked["name"])
        if run:
            tail = json.dumps([json.dumps(row) for row in run.history[-1:]])
            bucket = {
                **{"id": asked["name"], "name": asked["name"], "displayName": "n", "tags": []},
                **{"summaryMetrics": json.dumps(run.summary), "config": run.bucket["config"]},
                **{"logLineCount": 0, "eventsLineCount": 0, "eventsTail": "[]", "notes": None},
                **{"historyLineCount": len(run.history), "historyTail": tail},
                "wandbConfig": json.dumps({"t": 1}),
            }
        return {"model": {**PLACE, "bucket": bucket}}

    def on_UpsertBucket(self, asked: dict[str, Any]) -> dict[str, Any]:
        run = self.runs[asked["name"]]
        run.bucket |= {k: v for k, v in asked.items() if v is not None}
        bucket = {
            **{"id": asked["name"], "name": asked["name"], "displayName": asked["displayName"]},
            **{"description": None, "sweepName": None, "config": run.bucket.get("config")},
            **{"project": PLACE, "historyLineCount": len(run.history)},
        }
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}

    def on_CreateRunFiles(self, asked: dict[str, Any]) -> dict[str, Any]:
        files = [
            {"name": name, "uploadUrl": f"{self.url}/upload/{asked['run']}/{name}"}
            for name in asked["files"]
        ]
        return {"createRunFiles": {"runID": asked["run"], "uploadHeaders": [], "files": files}}

    def on_ArtifactType(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"project": {"artifact": None}}

    def on_CreateArtifact(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = asked["input"]
        self.artifacts[made["artifactCollectionName"]] = made
        artifact = {"id": made["artifactCollectionName"], "state": "PENDING"}
        sequence = {"artifactSequence": {"latestArtifact": None}}
        return {"createArtifact": {"artifact": {**artifact, **sequence}}}

    def on_CreateArtifactManifest(self, asked: dict[str, Any]) -> dict[str, Any]:
        file = {"id": "f", "uploadUrl": f"{self.url}/upload/manifests/m", "uploadHeaders": []}
        manifest = {"id": asked["artifactID"], "file": file}
        return {"createArtifactManifest": {"artifactManifest": manifest}}

    def on_UpdateArtifactManifest(self, asked: dict[str, Any]) -> dict[str, Any]:
        manifest = self.on_CreateArtifactManifest({"artifactID": asked["artifactManifestID"]})
        return {"updateArtifactManifest": manifest["createArtifactManifest"]}

    def on_CreateArtifactFiles(self, asked: dict[str, Any]) -> dict[str, Any]:
        edges = []
        for file in asked["input"]["artifactFiles"]:
            artifact = file["artifactID"]
            url = f"{self.url}/upload/{artifact}/{file['name']}"
            node = {"storagePath": None, "uploadUrl": url, "uploadHeaders": []}
            more = {"uploadMultipartUrls": None, "artifact": {"id": artifact}}
            edges.append({"node": {**node, **more}})
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def on_CommitArtifact(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"commitArtifact": {"artifact": {"id": asked["artifactID"], "digest": ""}}}

    def on_GetProjects(self, asked: dict[str, Any]) -> dict[str, Any]:
        node = {**PROJECT, "entityName": "me", "createdAt": "2026-01-01", "user": None}
        edges = [{"node": {"__typename": "Project", "isBenchmark": False, **node}}]
        page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
        return {"models": {"pageInfo": page, "edges": edges}}

    def on_upsertView(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.views.append(asked)
        project = {"id": "p", "name": asked["projectName"], "entityName": asked["entityName"]}
        view = {**asked, "id": "r", "project": project, "updatedAt": "2026-01-01T00:00:00Z"}
        return {"upsertView": {"view": view, "inserted": True}}

    def on_UpsertView2(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.views.append(asked)
        view = {"id": "v", "name": asked["name"], "displayName": asked.get("displayName")}
        return {"upsertView": {"view": view, "inserted": True}}


class Handler(BaseHTTPRequestHandler):
    """Reads a request and answers it."""

    protocol_version = "HTTP/1.1"
    fake: FakeWandb

    def log_message(self, *arguments: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # who asked has gone
            self.close_connection = True

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.fake.dies():
            self.close_connection = True
            return
        time.sleep(self.fake.delay)
        with self.fake.lock:
            text = json.dumps(self.fake.reply(self.command, self.path, body)).encode()
        self.send_response(self.fake.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer
