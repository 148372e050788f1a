/* callouts.h: the compiler includes it before each of libuv's files (-include), so that
 * libuv calls cuv_NAME in place of the C library's NAME. cuv/interpose.h says what for.
 *
 * The macros take arguments: only calls are renamed, not the struct sigaction. The C
 * library's headers come first, because its declarations must keep their names. It also
 * keeps _FORTIFY_SOURCE from making __read_chk of a read.
 */
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

int cuv_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
#define sigaction(sig, act, old) cuv_sigaction(sig, act, old)

#ifdef __linux__
#include <spawn.h>
#include <sys/epoll.h>

int cuv_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask);
#define epoll_pwait(fd, events, max, timeout, mask) cuv_epoll_pwait(fd, events, max, timeout, mask)

pid_t cuv_fork(void);
#define fork() cuv_fork()

int cuv_posix_spawnattr_init(posix_spawnattr_t *attr);
#define posix_spawnattr_init(attr) cuv_posix_spawnattr_init(attr)

ssize_t cuv_read(int fd, void *p, size_t n);
#define read(fd, p, n) cuv_read(fd, p, n)

long cuv_syscall(long nr, ...);
#define syscall(...) cuv_syscall(__VA_ARGS__)
#endif
