"""Python imports this by itself where it is on PYTHONPATH: the sanitized extension comes first.

In the tests' process and in those that they start; the installed package stays as it is.
"""

import os
import sys
from importlib.util import spec_from_file_location

EXTENSION = "bothways.kernels._kernels"


class Sanitized:
    """Finds the extension where `BOTHWAYS_SANITIZED` says, and leaves the rest to others."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == EXTENSION:
            return spec_from_file_location(name, os.environ["BOTHWAYS_SANITIZED"])
        if name == "torch":  # slow under a sanitizer, and full of reports that are not ours
            raise ModuleNotFoundError("no torch under a sanitizer", name=name)
        return None


sys.meta_path.insert(0, Sanitized)
