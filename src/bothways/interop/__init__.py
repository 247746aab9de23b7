"""Models that come from other programs and go to them.

Each way is compared before anything is written: the same texts, the answers of both sides.
"""

from bothways.interop._compare import TOLERANCE, Comparison
from bothways.interop._export import FORMS, export

__all__ = ["FORMS", "TOLERANCE", "Comparison", "export"]
