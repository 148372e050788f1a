/* async.c: uv_async_t. Go counts the sends and wakes the loop; the C handle
 * mirrors a Go async for what holds the loop alive. */
#include "cuv.h"

/* Nothing to do: Go keeps its own list of the asyncs that were sent. */
void cuv_on_async(uv_async_t *a) { (void)a; }
