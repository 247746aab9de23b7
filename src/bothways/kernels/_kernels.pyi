# The compiled extension. Its functions take arrays that the modules beside it have checked;
# csrc/module.cc and csrc/module_text.cc are where their arguments are written down.
from typing import Any

def __getattr__(name: str) -> Any: ...
