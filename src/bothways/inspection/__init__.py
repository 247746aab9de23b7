"""What there is to know about labelled texts before a model is trained on them."""

from bothways.inspection._facts import Inspection
from bothways.inspection._findings import Finding, findings
from bothways.inspection._inspect import inspect
from bothways.inspection._page import to_page
from bothways.inspection._terminal import show

__all__ = ["Finding", "Inspection", "findings", "inspect", "show", "to_page"]
