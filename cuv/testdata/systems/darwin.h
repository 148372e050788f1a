/* darwin.h: glibc without what only macOS lacks, as in bsd.h. */
#define accept4 glibc_accept4
#define pipe2 glibc_pipe2
#define dup3 glibc_dup3
#define recvmmsg glibc_recvmmsg
#define sendmmsg glibc_sendmmsg
#define SOCK_CLOEXEC glibc_SOCK_CLOEXEC
#define SOCK_NONBLOCK glibc_SOCK_NONBLOCK
#define MSG_NOSIGNAL glibc_MSG_NOSIGNAL
#define MSG_CMSG_CLOEXEC glibc_MSG_CMSG_CLOEXEC
#define ppoll glibc_ppoll
#define close_range glibc_close_range
#define TCP_KEEPIDLE glibc_TCP_KEEPIDLE
#define sigwaitinfo glibc_sigwaitinfo
#define sigtimedwait glibc_sigtimedwait
#define SIGRTMIN glibc_SIGRTMIN
#define SIGRTMAX glibc_SIGRTMAX
#define pthread_barrier_wait glibc_pthread_barrier_wait
#define sem_timedwait glibc_sem_timedwait
#define fexecve glibc_fexecve
#define clock_nanosleep glibc_clock_nanosleep
#define getresuid glibc_getresuid
#define setresuid glibc_setresuid
#define sigqueue glibc_sigqueue
#define pthread_setaffinity_np glibc_pthread_setaffinity_np
#define mremap glibc_mremap

#include "bsd.h"

#undef accept4
#undef pipe2
#undef dup3
#undef recvmmsg
#undef sendmmsg
#undef SOCK_CLOEXEC
#undef SOCK_NONBLOCK
#undef MSG_NOSIGNAL
#undef MSG_CMSG_CLOEXEC
#undef ppoll
#undef close_range
#undef TCP_KEEPIDLE
#undef sigwaitinfo
#undef sigtimedwait
#undef SIGRTMIN
#undef SIGRTMAX
#undef pthread_barrier_wait
#undef sem_timedwait
#undef fexecve
#undef clock_nanosleep
#undef getresuid
#undef setresuid
#undef sigqueue
#undef pthread_setaffinity_np
#undef mremap

/* What it has and glibc has not. */
#define SO_NOSIGPIPE 0x1022
#define TCP_KEEPALIVE 0x10
#undef NSIG
#define NSIG 32
