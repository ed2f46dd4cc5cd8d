# One image for every process of the Procfile but the sandbox; docker-compose.yml says which is which.
FROM python:3.12-slim-bookworm AS build
COPY requirements.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/postroom --create-home postroom
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY config config
COPY postroom postroom
COPY scheduler scheduler
COPY webhooks webhooks
COPY workers workers
RUN python -m compileall -q /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    POSTROOM_DIR=/var/lib/postroom \
    METRICS_DIR=/var/lib/postroom/metrics \
    PROMETHEUS_MULTIPROC_DIR=/var/lib/postroom/metrics
USER postroom
RUN mkdir /var/lib/postroom/metrics
EXPOSE 8080
ENTRYPOINT ["sh", "-c", "mkdir -p \"$METRICS_DIR\" && exec \"$@\"", "postroom"]
CMD ["granian", "--interface", "wsgi", "--factory", "--host", "0.0.0.0", "--port", "8080", "--workers", "1", \
     "--blocking-threads", "4", "--no-ws", "--log-level", "warning", "webhooks.app:create_app"]
