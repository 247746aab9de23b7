// The border to Python: typed arrays in, offsets checked once, GIL released,
// nothing computed here.
#include <nanobind/nanobind.h>

namespace nb = nanobind;

void bind_text(nb::module_ &m);  // module_text.cc

NB_MODULE(_kernels, m) {
  m.doc() = "Bothways' compiled kernels; use them through bothways.kernels";
  bind_text(m);
}
