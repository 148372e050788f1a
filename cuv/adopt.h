/* adopt.h: a loop of ours inside a loop that the host runs. */
#ifndef CUV_ADOPT_H
#define CUV_ADOPT_H

#include "cuv.h"

/* What a Go turn answers. */
enum cuv_host_answer {
  CUV_HOST_AGAIN = 1, /* something waits to be delivered */
  CUV_HOST_STOP = 2,  /* the host's uv_run shall return */
};

/* Our part of the host's loop. It outlives the loop until libuv is done with
 * its handles. */
typedef struct cuv_host {
  cuv_loop *l;     /* NULL once detached */
  uv_loop_t *loop; /* the host's */
  uv_poll_t poll;  /* our backend descriptor; its reference keeps the host's loop alive */
  uv_prepare_t prepare; /* makes a turn before the host polls, if one is due at once */
  uv_timer_t timer; /* makes a turn when our next timer is due */
  uv_check_t keep; /* on our loop: unreferenced handles run as well */
  uint32_t id;     /* Go's */
  int fd;          /* a duplicate of our backend descriptor */
  int open;        /* handles that libuv has not closed */
  int busy;        /* a turn runs */
  struct cuv_host *next; /* among the abandoned */
} cuv_host;

/* adopt.c */
int cuv_host_attach(cuv_loop *l, void *host, uint32_t id);
void cuv_host_detach(cuv_loop *l);

extern int cuvHostTurn(uint32_t id); /* Go's */

#endif
