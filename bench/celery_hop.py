"""The baseline: a bare Celery task that makes one POST over a kept-alive connection, and nothing else."""

import os
import threading

import requests
from celery import Celery

QUEUE = "bench"
_threads = threading.local()

app = Celery("bench")
app.conf.update(
    broker_url=os.environ.get("BENCH_BROKER", ""),
    result_backend=None,
    task_ignore_result=True,
    task_acks_late=True,
    task_default_queue=QUEUE,
    task_serializer="json",
    accept_content=["json"],
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"max_connections": 200},
)


def send(number: int) -> None:
    """One message to the stub, of the size and form that ours has."""
    session: requests.Session | None = getattr(_threads, "session", None)
    if session is None:
        session = _threads.session = requests.Session()
        session.trust_env = False
    answer = session.post(os.environ["BENCH_PROVIDER"], json=_message(number), timeout=30)
    answer.raise_for_status()
    if not answer.json()["messages"][0]["id"]:
        raise ValueError("the provider gave no message id")


def _message(number: int) -> dict[str, object]:
    words = f"Hello Marta Ruiz, thank you for your order B{number:08} of €310.00. It is expected on 25 November 2026."
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": f"346{number:08}",
        "type": "text",
        "text": {"body": words + " " * 300},
    }


hop = app.task(name="hop")(send)
