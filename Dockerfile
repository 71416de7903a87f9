# syntax=docker/dockerfile:1
# NOT RUN: written and linted where no Docker engine was; the first one who builds it, please report.
#   docker build -t seminar .                         CPU
#   docker build -t seminar --build-arg EXTRA=gpu .   CUDA; run it with --gpus all
#   docker run -p 8000:8000 -v seminar-data:/data seminar
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ARG EXTRA=cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/seminar
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
COPY catalog catalog
COPY index index
COPY ingest ingest
COPY alembic alembic
# For a small CPU image name an index with CPU builds of torch: --build-arg PIP_EXTRA_INDEX_URL=…
ARG PIP_EXTRA_INDEX_URL
RUN --mount=type=cache,target=/root/.cache/pip \
    python -m venv /opt/venv \
 && if [ "$EXTRA" = gpu ]; then \
      /opt/venv/bin/pip install -e ".[gpu,weights,postgres]"; \
    else \
      /opt/venv/bin/pip install -c constraints.txt -e ".[cpu,weights,postgres]"; \
    fi

FROM python:${PYTHON_VERSION}-slim-bookworm AS run
RUN useradd --system --uid 10001 --home-dir /data --create-home seminar
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=root:root /srv/seminar /srv/seminar
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SEMINAR_DATA_DIR=/data \
    SEMINAR_HOST=0.0.0.0 \
    SEMINAR_LOG_FORMAT=json
WORKDIR /srv/seminar
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
    ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
ENTRYPOINT ["seminar"]
CMD ["serve", "--with-worker"]
