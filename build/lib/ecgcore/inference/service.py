"""The command line's answers over HTTP: FastAPI, nothing written, nothing fetched.

POST /classify takes a file as its body, POST /report gives a page of it; /live is a web socket that
takes samples and answers beat by beat; /health says that all is well, / what there is. A file is
kept in a folder of its own while it is read. Answers are those of `ecgcore predict`.
"""

import asyncio
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import ecgcore
from ecgcore.data.formats.opening import open_file
from ecgcore.errors import ConfigError, DataError, EcgError
from ecgcore.inference import choosing, classifying, recording, report, writers
from ecgcore.inference.live import Live

try:
    from fastapi import FastAPI, HTTPException, Query, Request, WebSocket, WebSocketDisconnect
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import HTMLResponse, Response
except ImportError:
    raise ConfigError("the service needs FastAPI: pip install 'ecgcore[serve]'") from None

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>ecgcore</title>
<style>:root{{color-scheme:light dark}}body{{max-width:44rem;margin:2rem auto;padding:0 1rem;
font:16px/1.5 system-ui,sans-serif}}pre{{overflow-x:auto;padding:.6rem;border:1px solid #8888}}
</style></head><body><h1>ecgcore {version}</h1><p>{notice}</p>
<p>The description for programs is at <a href="/openapi.json">/openapi.json</a>.</p>{routes}
</body></html>"""
# What a message of another program may lead to.
UNCLEAR = (ValueError, TypeError, KeyError, TimeoutError, RecursionError)


@dataclass(frozen=True)
class Limits:
    """size: bytes of a file; seconds: to answer in; at_once: files that are worked on, and as many
    live signals; live_s: how long a live signal may be silent."""

    size: int = 100_000_000
    seconds: float = 120.0
    at_once: int = 2
    live_s: float = 60.0


def app(limits: Limits = Limits()) -> FastAPI:
    """The service."""
    made = FastAPI(
        title="ecgcore",
        version=ecgcore.__version__,
        description=writers.NOTICE,
        docs_url=None,  # these pages fetch their scripts from another host
        redoc_url=None,
    )
    working = asyncio.Semaphore(limits.at_once)
    living = asyncio.Semaphore(limits.at_once)

    async def answered(request: Request, name: str, work: Callable[[Path], str]) -> str:
        """`work` on the body as a file."""
        if working.locked():
            raise HTTPException(503, "busy: try again in a moment", {"Retry-After": "2"})
        async with working:
            with tempfile.TemporaryDirectory(prefix="ecgcore-") as folder:
                path = Path(folder) / _plain(name)
                await _store(request, path, limits.size)
                running = asyncio.ensure_future(run_in_threadpool(work, path))
                try:
                    return await asyncio.wait_for(asyncio.shield(running), limits.seconds)
                except TimeoutError:
                    # A thread cannot be stopped; its place is given back when it ends.
                    await asyncio.gather(running, return_exceptions=True)
                    raise HTTPException(504, f"no answer in {limits.seconds:g} s") from None
                except EcgError as error:
                    told = str(error).replace(f"{folder}/", "")
                    raise HTTPException(422, told) from None

    @made.get("/health", summary="Whether all is well")
    async def health() -> dict:
        return {"status": "ok", "version": ecgcore.__version__, "notice": writers.NOTICE}

    @made.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> str:
        return PAGE.format(
            version=ecgcore.__version__, notice=writers.NOTICE, routes=_routes(made.openapi())
        )

    @made.post("/classify", summary="The beats of a file, as JSON; the body is the file")
    async def classify(
        request: Request,
        name: Annotated[str, Query(description="File name; a zip may hold a record.")] = "upload",
        fs: Annotated[float | None, Query(description="Hz, of a file that does not tell.")] = None,
        lead: str = "",
        own_peaks: bool = False,
        alone: bool = False,
        summary: Annotated[bool, Query(description="Events and rates besides.")] = False,
    ) -> Response:
        def work(path: Path) -> str:
            return as_json(path, name, fs, lead, own_peaks, alone, summary)

        return Response(await answered(request, name, work), media_type="application/json")

    @made.post("/report", summary="A page about a recording", response_class=HTMLResponse)
    async def page(
        request: Request,
        name: str = "upload",
        fs: float | None = None,
        lead: str = "",
        own_peaks: bool = False,
        alone: bool = False,
    ) -> HTMLResponse:
        def work(path: Path) -> str:
            return report.html(recording.read(path, None, fs, lead, own_peaks, alone))

        return HTMLResponse(await answered(request, name, work))

    @made.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        if living.locked():
            await socket.close(1013, "busy: try again later")
            return
        async with living:
            try:
                await _listen(socket, limits)
            except WebSocketDisconnect:
                pass
            except (EcgError, *UNCLEAR) as error:
                told = str(error) if isinstance(error, EcgError) else _unclear(error)
                await socket.send_json({"error": told})
                await socket.close(1008)

    return made


async def _listen(socket: WebSocket, limits: Limits) -> None:
    """First {"fs": Hz}, then {"samples": [...]} again and again; an answer to each: beats, maybe
    none."""

    async def heard() -> dict:
        text = await asyncio.wait_for(socket.receive_text(), limits.live_s)
        if len(text) > 2_000_000:
            raise DataError("live signal: a message of more than 2 MB")
        return json.loads(text)

    hello = await heard()
    model = await run_in_threadpool(choosing.rhythm_model, None, True)
    signal = Live(model, float(hello["fs"]))
    await socket.send_json({"notice": writers.NOTICE, "model": writers.about_model(model)})
    while True:
        samples = [float("nan") if v is None else float(v) for v in (await heard())["samples"]]
        beats = await run_in_threadpool(signal.add, samples)
        await socket.send_json({"beats": [beat.as_dict() for beat in beats]})


def _unclear(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "live signal: nothing was heard for too long"
    return 'live signal: send {"fs": Hz} first, then {"samples": [numbers]}'


def as_json(
    path: Path,
    name: str,
    fs: float | None = None,
    lead: str = "",
    own_peaks: bool = False,
    alone: bool = False,
    summary: bool = False,
) -> str:
    """What `ecgcore predict --format json` prints of a file that the user calls `name`; summary:
    with events and rates under `summary`. Raises EcgError as that does."""
    content = open_file(path, lead, fs)
    model = choosing.model(content, None, alone)
    out = io.StringIO()
    writer = writers.JsonWriter(out, name, model)
    parts = []
    for part in classifying.classify_content(content, model, own_peaks):
        writer.add(part)
        parts.append(part)
    writer.finish()
    if not summary or content.signal is None:
        return out.getvalue()
    found = recording.summed_up(content.signal, classifying.collect(iter(parts)))
    return json.dumps(json.loads(out.getvalue()) | {"summary": found.as_dict()})


def _plain(name: str) -> str:
    """A name without folders, which no file system refuses."""
    kept = Path(name.replace("\\", "/")).name.replace("\0", "")
    suffixes = "".join(Path(kept).suffixes[-2:])[-20:]
    return (Path(kept).name[:60].removesuffix(suffixes) or "upload").lstrip(".") + suffixes


async def _store(request: Request, path: Path, limit: int) -> None:
    """Write the body to a file; HTTP error 413 as soon as it is too large, whatever it claimed."""
    size = 0
    with open(path, "wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                raise HTTPException(413, f"a file of more than {limit / 1e6:g} MB")
            file.write(piece)


def _routes(document: dict) -> str:
    """The OpenAPI document, short, as HTML. It holds no text but our own."""
    told = []
    for path, methods in document["paths"].items():
        for method, what in methods.items():
            names = ", ".join(p["name"] for p in what.get("parameters", ()))
            options = f"<p>Options: {names}</p>" if names else ""
            told.append(f"<h2>{method.upper()} {path}</h2><p>{what['summary']}.</p>{options}")
    told.append(
        "<h2>Web socket /live</h2><p>Send {&quot;fs&quot;: Hz}, then "
        "{&quot;samples&quot;: [numbers]} again and again; each is answered by the beats that can "
        "be told by then, with their classes.</p>"
        "<pre>curl --data-binary @my.csv 'http://127.0.0.1:8000/classify?name=my.csv&amp;fs=250'"
        "</pre>"
    )
    return "".join(told)
