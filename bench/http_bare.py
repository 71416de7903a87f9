"""The least that FastAPI can do: one body from memory, and one file; `bench.http` measures it."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response

app = FastAPI(openapi_url=None)
BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
FILE = os.environ["BENCH_FILE"]


@app.get("/body")
async def body() -> Response:
    return Response(BODY, media_type="application/json")


@app.get("/file")
def file() -> Response:
    return FileResponse(FILE, media_type="video/mp4")
