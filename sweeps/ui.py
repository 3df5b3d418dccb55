"""MLflow's own server on this machine."""

from __future__ import annotations

import subprocess
import sys

from sweeps import tracking


def serve(port: int) -> int:
    """Runs MLflow's UI on 127.0.0.1 until it is stopped and returns its exit code; of a server it says the address."""
    if tracking.uri().startswith("http"):
        print(f"the runs are on a server that has a UI of its own: open {tracking.uri()}")
        return 0
    tracking.client()  # a missing database is created before the server's several processes open it
    print(f"http://127.0.0.1:{port} shows {tracking.uri()}; Ctrl-C ends it", flush=True)
    artifacts = (tracking.home() / "artifacts").as_uri()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", tracking.uri(), "--default-artifact-root", artifacts]
    try:
        return subprocess.run(command, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0
