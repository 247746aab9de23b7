"""A service over HTTP: models that predict, explain and read, and a page that shows it.

    models = open_models(["my-model"])
    app = create_app(Service(models))      # ASGI, for any server
    run(app, service, listen("127.0.0.1", 8000))

torch and scikit-learn are not needed.
"""

from __future__ import annotations

from bothways.errors import require

for _module in ("fastapi", "uvicorn", "prometheus_client"):
    require(_module, extra="serve", purpose="serving")

from bothways.serving._app import create_app  # noqa: E402
from bothways.serving._limits import Limits  # noqa: E402
from bothways.serving._models import Models, open_models  # noqa: E402
from bothways.serving._server import address, listen, run  # noqa: E402
from bothways.serving._service import Service  # noqa: E402

__all__ = ["Limits", "Models", "Service", "address", "create_app", "listen", "open_models", "run"]
