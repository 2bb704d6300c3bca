# syntax=docker/dockerfile:1
# Two stages: the first has uv and builds, the second has Python and what was built, and nothing to build with.
ARG PYTHON=3.11
FROM ghcr.io/astral-sh/uv:0.13.9 AS uv

FROM python:${PYTHON}-slim-bookworm AS build
COPY --from=uv /uv /usr/local/bin/uv
# The environment stands at the same place in both stages, so that its scripts find their interpreter.
ENV UV_PROJECT_ENVIRONMENT=/opt/bellwire UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra otel --no-install-project --no-cache
COPY README.md LICENSE ./
COPY src src
RUN uv sync --frozen --no-dev --extra otel --no-editable --no-cache

FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/bellwire /opt/bellwire
# Nothing is written but into /data, and there only with SQLite; the root file system may be read-only.
RUN install -d -o 10001 -g 10001 /data
ENV PATH=/opt/bellwire/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
EXPOSE 3978
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:3978/healthz', timeout=4)"]
# No shell in between: SIGTERM reaches the process, which finishes what is in flight.
ENTRYPOINT ["bellwire"]
CMD ["serve", "--host", "0.0.0.0"]
