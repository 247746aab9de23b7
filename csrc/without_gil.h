// The interpreter's lock, given up while native code runs.
#pragma once

#include <Python.h>
#include <unistd.h>

namespace bothways {

// As nanobind's gil_scoped_release, except for a daemon thread that comes back when the
// interpreter is ending. CPython before 3.14 ends such a thread with pthread_exit, whose
// unwinding meets nanobind's noexcept functions and aborts the process. Here the thread
// stops for good instead, as CPython 3.14 has it: the process ends without it.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {  // nothing else throws there
      for (;;) pause();
    }
  }
  WithoutGil(const WithoutGil &) = delete;
  WithoutGil &operator=(const WithoutGil &) = delete;

 private:
  PyThreadState *state_;
};

}  // namespace bothways
