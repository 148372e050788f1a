/* sigaction.h: signals between libuv's handlers and Go's; sigaction.c tells how. */
#ifndef CUV_SIGACTION_H
#define CUV_SIGACTION_H

#include <signal.h>
#include <stdint.h>

enum { CUV_SIGNALS = 65 };

typedef void (*cuv_sighandler)(int, siginfo_t *, void *);

/* How the trampoline stands to a signal. */
enum cuv_sighold {
  CUV_SIG_FREE,    /* it is not installed */
  CUV_SIG_HELD,    /* it is installed, and libuv watches the signal */
  CUV_SIG_LEAVING, /* it is installed until the forwarder has run Go's handler; libuv watches no more */
};

/* What is known of a signal. */
typedef struct cuv_sigstate {
  enum cuv_sighold hold;
  int pending;            /* the forwarder has to run Go's handler */
  int claimed;            /* it runs it */
  int again;              /* came while LEAVING: raised again once the trampoline is out */
  struct sigaction prior; /* what Go wants the signal to do, while not FREE */
} cuv_sigstate;

extern cuv_sigstate cuv_sigstates[CUV_SIGNALS]; /* sigstate.c's; under its lock */

/* sigstate.c */
void cuv_sigstate_lock(sigset_t *mask);
void cuv_sigstate_unlock(const sigset_t *mask);
int cuv_sigstate_held(int sig);

/* sigforward.c */
int cuv_forward_start(cuv_sighandler (*claim)(int), void (*done)(int));
int cuv_forward_runs(void);
void cuv_forward_wake(int sig);
int cuv_forwarding(void);
void cuv_forward_raised(void);

/* sighook.c */
void *cuv_sighook(void *runtimes);
int cuv_sighook_on(void);
int cuv_sighook_is_gos(cuv_sighandler handler);

/* sigaction.c */
void cuv_sigaction_enter(void);
void cuv_sigaction_leave(void);
int cuv_sigaction_prepare(void);
int cuv_sigaction_set(int sig, const struct sigaction *act, struct sigaction *old, const char *from);

/* interpose.c */
int cuv_interposes_sigaction(void);

#endif
