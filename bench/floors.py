"""The floors: what PostgreSQL alone gives for the same statements (pgbench), and what the HTTP server alone gives (a bare hello)."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CREATE = """
\\set n random(1, 1000000000)
WITH made AS (
    INSERT INTO checkouts (
        organization_id, id, dialect, status, client_secret, version, customer_id, customer_email, product_id,
        order_id, currency, total_minor, created_at, modified_at, expires_at, document
    )
    VALUES ('{organization}', gen_random_uuid(), 'polar', 'open', 'polar_c_bench_' || :n, 1, NULL, NULL, '{product}',
            NULL, 'USD', 1000, now(), NULL, now() + interval '1 day', '{document}'::json)
)
INSERT INTO facts (organization_id, id, type, subject_id, checkout_id, occurred_at, detail, snapshot)
SELECT '{organization}', f.id, f.type, f.subject_id, f.checkout_id, f.occurred_at, f.detail, f.snapshot::json
FROM unnest(ARRAY[gen_random_uuid()], ARRAY['checkout.created'], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()],
            ARRAY[now()], ARRAY[NULL::text], ARRAY[NULL::text])
     AS f (id, type, subject_id, checkout_id, occurred_at, detail, snapshot);
"""
READ = """
SELECT document FROM checkouts WHERE organization_id = '{organization}' AND id = '{checkout}';
"""
HELLO = """
import sys
import uvicorn
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False,
            log_level="error", lifespan="off")
"""


def pgbench(binary: Path, dsn: str, script: str, *, connections: int, seconds: int) -> float:
    """Transactions per second of one script with prepared statements."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(binary), "-n", "-M", "prepared", "-f", file.name, "-c", str(connections), "-j", "1", "-T", str(seconds),
            "-h", query["host"][0], "-p", query["port"][0], "-U", parts.username or "checkstand",
            parts.path.lstrip("/"),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr or done.stdout}")
    return float(found[1])


def hello_server(port: int) -> subprocess.Popen[bytes]:
    """A bare ASGI application on the same HTTP server with the same settings."""
    return subprocess.Popen([sys.executable, "-c", HELLO, str(port)])
