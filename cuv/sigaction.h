/* sigaction.h: what sigaction.c, sighook.c and sigforward.c share. */
#ifndef CUV_SIGACTION_H
#define CUV_SIGACTION_H

#include <signal.h>
#include <stdint.h>

enum { CUV_SIGNALS = 65 };

typedef void (*cuv_sighandler)(int, siginfo_t *, void *);

/* sigaction.c: the lock of its state. Holders have all signals blocked. */
void cuv_sigaction_lock(sigset_t *mask);
void cuv_sigaction_unlock(const sigset_t *mask);

/* sigaction.c, under the lock. */
int cuv_sigaction_held(int sig);
void cuv_sigaction_remember(int sig, const struct sigaction *act);
void cuv_sigaction_recall(int sig, struct sigaction *old);

/* sigaction.c, for the forwarder. */
cuv_sighandler cuv_sigaction_claim(int sig);
void cuv_sigaction_done(int sig);

/* sighook.c */
int cuv_sighook_on(void);
int cuv_sighook_gos(cuv_sighandler handler);

/* sigforward.c */
int cuv_forward_start(void);
int cuv_forward_runs(void);
void cuv_forward_wake(int sig);
int cuv_forwarding(void);

#endif
