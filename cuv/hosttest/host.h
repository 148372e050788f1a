/* host.h: a host of loops, as C programs are. */
#ifndef HOSTTEST_HOST_H
#define HOSTTEST_HOST_H

#include <stdint.h>
#include <uv.h>

typedef struct host {
  uv_loop_t loop;
  int fired; /* timers that have called */
} host;

host *host_new(void);
int host_after(host *h, uint64_t ms, uint32_t id, int prepare);
int host_close_all(host *h);
void host_close_own(host *h);
int host_free(host *h);

extern void hosttestCall(uint32_t id); /* Go's */

#endif
