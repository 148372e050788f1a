/* error.c: names and messages of error codes. */
#include "cuv.h"

/* Whether libuv knows the code. Of one that it does not, uv_err_name and
 * uv_strerror return memory that nobody frees. */
static int known(int err) {
  switch (err) {
#define X(name, _) case UV_##name:
    UV_ERRNO_MAP(X)
#undef X
    return 1;
  default: return 0;
  }
}

/* uv_err_name, in buf for a code that libuv does not know. */
const char *cuv_err_name(int err, char *buf, size_t n) { return known(err) ? uv_err_name(err) : uv_err_name_r(err, buf, n); }

/* uv_strerror, in buf for a code that libuv does not know. */
const char *cuv_strerror(int err, char *buf, size_t n) { return known(err) ? uv_strerror(err) : uv_strerror_r(err, buf, n); }
