/* bsd.h: glibc without what both macOS and FreeBSD lack. The names are given to something else while
 * the C library's headers declare them, and are unknown to what follows. */
#define _GNU_SOURCE
#define epoll_create1 glibc_epoll_create1
#define epoll_ctl glibc_epoll_ctl
#define epoll_wait glibc_epoll_wait
#define epoll_pwait glibc_epoll_pwait
#define eventfd glibc_eventfd
#define gettid glibc_gettid
#define tgkill glibc_tgkill
#define clone glibc_clone
#define unshare glibc_unshare
#define execveat glibc_execveat
#define MSG_ERRQUEUE glibc_MSG_ERRQUEUE
#define SO_PEERCRED glibc_SO_PEERCRED
#define SO_DOMAIN glibc_SO_DOMAIN
#define TCP_USER_TIMEOUT glibc_TCP_USER_TIMEOUT
#define TCP_CORK glibc_TCP_CORK
#define TCP_QUICKACK glibc_TCP_QUICKACK
#define IP_RECVERR glibc_IP_RECVERR
#define IPV6_RECVERR glibc_IPV6_RECVERR
#define IP_PKTINFO glibc_IP_PKTINFO
#define SIGPWR glibc_SIGPWR
#define SIGSTKFLT glibc_SIGSTKFLT
#define SIGPOLL glibc_SIGPOLL
#define SI_TKILL glibc_SI_TKILL
#define SIGCLD glibc_SIGCLD
#define POLLRDHUP glibc_POLLRDHUP
#define RLIMIT_NICE glibc_RLIMIT_NICE
#define O_TMPFILE glibc_O_TMPFILE
#define O_PATH glibc_O_PATH
#define F_SETPIPE_SZ glibc_F_SETPIPE_SZ
#define sysinfo glibc_sysinfo
#define signalfd glibc_signalfd
#define timerfd_create glibc_timerfd_create
#define inotify_init1 glibc_inotify_init1
#define prctl glibc_prctl
#define RTLD_DEEPBIND glibc_RTLD_DEEPBIND
#define dlmopen glibc_dlmopen
#define __libc_current_sigrtmin glibc___libc_current_sigrtmin
#define _NSIG glibc__NSIG
#define SIGUNUSED glibc_SIGUNUSED
#define TIOCINQ glibc_TIOCINQ

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#undef epoll_create1
#undef epoll_ctl
#undef epoll_wait
#undef epoll_pwait
#undef eventfd
#undef gettid
#undef tgkill
#undef clone
#undef unshare
#undef execveat
#undef MSG_ERRQUEUE
#undef SO_PEERCRED
#undef SO_DOMAIN
#undef TCP_USER_TIMEOUT
#undef TCP_CORK
#undef TCP_QUICKACK
#undef IP_RECVERR
#undef IPV6_RECVERR
#undef IP_PKTINFO
#undef SIGPWR
#undef SIGSTKFLT
#undef SIGPOLL
#undef SI_TKILL
#undef SIGCLD
#undef POLLRDHUP
#undef RLIMIT_NICE
#undef O_TMPFILE
#undef O_PATH
#undef F_SETPIPE_SZ
#undef sysinfo
#undef signalfd
#undef timerfd_create
#undef inotify_init1
#undef prctl
#undef RTLD_DEEPBIND
#undef dlmopen
#undef __libc_current_sigrtmin
#undef _NSIG
#undef SIGUNUSED
#undef TIOCINQ
