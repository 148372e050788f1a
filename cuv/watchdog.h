/* watchdog.h: what looks for callbacks that do not return. */
#ifndef CUV_WATCHDOG_H
#define CUV_WATCHDOG_H

#include <stdint.h>

struct cuv_loop;

/* What the watchdog knows about a loop. */
typedef struct cuv_watch {
  struct cuv_loop *next; /* loops that it looks at form a list */
  struct cuv_loop *prev;
  int on;         /* the loop is in the list */
  int told;       /* Go knows of the callback that is stuck */
  uint64_t limit; /* ns for which a callback may run */
  uint64_t epoch; /* what the loop's times count from, by uv_hrtime */
  uint64_t seen;  /* when the callback began that it saw last, 0: none ran */
  uint64_t held;  /* ns for which it has seen that one run */
  uint64_t turns; /* of the loop, when it looked last */
} cuv_watch;

/* A callback that is stuck. */
typedef struct cuv_stuck {
  uint64_t loop;  /* the loop's address, to compare only */
  uint64_t began; /* as in the loop's ring */
  uint64_t held;
} cuv_stuck;

#define CUV_STUCK_MAX 16 /* callbacks that the watchdog tells Go of at once */

/* watchdog.c */
void cuv_watch_on(struct cuv_loop *l, uint64_t limit, uint64_t epoch);
void cuv_watch_off(struct cuv_loop *l);
uint32_t *cuv_watchdog_asleep(void);
int cuv_watchdog_wake(void);

#endif
