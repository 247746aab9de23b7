"""Models that come from other programs and go to them.

Each way is compared before anything is written: the same texts, the answers of both sides.
"""

from bothways.interop._compare import TOLERANCE, Comparison
from bothways.interop._export import FORMS, export
from bothways.interop._import import Imported, import_keras, import_torch

__all__ = ["FORMS", "TOLERANCE", "Comparison", "Imported", "export", "import_keras", "import_torch"]
