/* guest.c: calls the functions that uvgo comes between libuv and, and looks whether
 * they do what the C library's do. Each returns 0, or the line of what was wrong. */
#define _GNU_SOURCE
#include "guest.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPECT(what)            \
  do {                          \
    if (!(what)) return __LINE__; \
  } while (0)

/* Whether a call from here is bound to the C library itself. */
int bound(const char *name) {
  static const struct {
    const char *name;
    void *fn;
  } calls[] = {{"read", read}, {"sigaction", sigaction}, {"syscall", syscall}, {"epoll_pwait", epoll_pwait}};
  void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(name, calls[i].name) == 0) return libc != NULL && calls[i].fn == dlsym(libc, name);
  return -1;
}

static volatile sig_atomic_t seen;

static void on_signal(int sig) { seen = sig; }
static void on_info(int sig, siginfo_t *info, void *context) {
  (void)context;
  seen = info->si_pid == getpid() ? sig : -1;
}

/* Installs handlers for a signal and finds them as they were, flags and mask too. */
int plain_action(int sig) {
  struct sigaction first, mine, old;
  EXPECT(sigaction(sig, NULL, &first) == 0);
  memset(&mine, 0, sizeof mine);
  mine.sa_sigaction = on_info;
  mine.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigaddset(&mine.sa_mask, SIGTTOU);
  EXPECT(sigaction(sig, &mine, &old) == 0 && old.sa_handler == first.sa_handler);
  EXPECT(sigaction(sig, NULL, &old) == 0);
  EXPECT(old.sa_sigaction == on_info && (old.sa_flags & ~0x4000000) == mine.sa_flags);
  EXPECT(sigismember(&old.sa_mask, SIGTTOU) == 1 && sigismember(&old.sa_mask, SIGTTIN) == 0);
  seen = 0;
  EXPECT(raise(sig) == 0 && seen == sig);

  memset(&mine, 0, sizeof mine);
  mine.sa_handler = on_signal;
  mine.sa_flags = SA_RESETHAND | SA_ONSTACK;
  EXPECT(sigaction(sig, &mine, NULL) == 0);
  seen = 0;
  EXPECT(raise(sig) == 0 && seen == sig);
  EXPECT(sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
  EXPECT(sigaction(sig, &first, NULL) == 0);
  return 0;
}

/* The C library's answers for what cannot be. */
int other_actions(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  act.sa_handler = on_signal;
  EXPECT(sigaction(SIGKILL, &act, NULL) == -1 && errno == EINVAL);
  EXPECT(sigaction(0, &act, NULL) == -1 && errno == EINVAL);
  EXPECT(sigaction(-1, NULL, &act) == -1 && errno == EINVAL);
  EXPECT(sigaction(65, NULL, &act) == -1 && errno == EINVAL);
  EXPECT(sigaction(32, &act, NULL) == -1 && errno == EINVAL);
  return 0;
}

/* SIGUSR1 is a handle's. What C puts in its place runs, and what it found it puts back. */
int watched_action(void) {
  struct sigaction mine, found, old;
  memset(&mine, 0, sizeof mine);
  mine.sa_handler = on_signal;
  mine.sa_flags = SA_ONSTACK;
  EXPECT(sigaction(SIGUSR1, &mine, &found) == 0 && found.sa_handler != SIG_DFL);
  seen = 0;
  EXPECT(raise(SIGUSR1) == 0 && seen == SIGUSR1);
  EXPECT(sigaction(SIGUSR1, &found, &old) == 0 && old.sa_handler == on_signal);
  return 0;
}

/* SIGUSR1 is a handle's. C sets it to what libuv sets as it stops watching. */
int taken_to_default(void) {
  struct sigaction mine, found, old;
  memset(&mine, 0, sizeof mine);
  EXPECT(sigaction(SIGUSR1, &mine, &found) == 0);
  EXPECT(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
  EXPECT(sigaction(SIGUSR1, &found, &old) == 0 && old.sa_handler == SIG_DFL);
  return 0;
}

/* Reads of a file, a pipe, a socket, of nothing, and of a bad descriptor. */
int reads(void) {
  char p[8];
  int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  EXPECT(fd >= 0 && read(fd, p, 4) == 4 && memcmp(p, "\177ELF", 4) == 0 && close(fd) == 0);
  int pair[2];
  EXPECT(pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0);
  EXPECT(read(pair[0], p, sizeof p) == -1 && errno == EAGAIN);
  EXPECT(write(pair[1], "abc", 3) == 3 && read(pair[0], p, sizeof p) == 3);
  EXPECT(close(pair[1]) == 0 && read(pair[0], p, sizeof p) == 0 && close(pair[0]) == 0);
  EXPECT(read(pair[0], p, sizeof p) == -1 && errno == EBADF);
  /* A read of no bytes leaves a datagram where it is; a recv would take it. */
  EXPECT(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
  EXPECT(write(pair[1], "xyz", 3) == 3 && read(pair[0], p, 0) == 0 && read(pair[0], p, sizeof p) == 3);
  EXPECT(close(pair[0]) == 0 && close(pair[1]) == 0);
  return 0;
}

static atomic_int ended; /* the read has */

static void *interrupt(void *arg) {
  while (!atomic_load(&ended)) { /* one of the signals finds the reader in its read */
    pthread_kill(*(pthread_t *)arg, SIGUSR2);
    usleep(1000);
  }
  return NULL;
}

/* A signal without SA_RESTART ends a read with EINTR. */
int interrupted_read(void) {
  struct sigaction mine, first;
  memset(&mine, 0, sizeof mine);
  mine.sa_handler = on_signal;
  mine.sa_flags = SA_ONSTACK;
  EXPECT(sigaction(SIGUSR2, &mine, &first) == 0);
  int pair[2];
  pthread_t self = pthread_self(), other;
  char c;
  EXPECT(pipe2(pair, O_CLOEXEC) == 0);
  seen = 0;
  atomic_store(&ended, 0);
  struct sigaction now;
  EXPECT(pthread_create(&other, NULL, interrupt, &self) == 0);
  ssize_t n = read(pair[0], &c, 1);
  int err = errno;
  atomic_store(&ended, 1);
  pthread_join(other, NULL);
  EXPECT(n == -1 && err == EINTR && seen == SIGUSR2);
  EXPECT(sigaction(SIGUSR2, &first, &now) == 0 && now.sa_handler == on_signal);
  EXPECT(close(pair[0]) == 0 && close(pair[1]) == 0);
  return 0;
}

/* System calls by number, with a result, with an error, and with six arguments. */
int syscalls(void) {
  EXPECT(syscall(SYS_gettid) == gettid());
  EXPECT(syscall(SYS_close, -1) == -1 && errno == EBADF);
  int (*next)(long, ...) = (int (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  errno = 0;
  long want = next(SYS_io_uring_setup, 1, NULL), why = errno;
  EXPECT(syscall(SYS_io_uring_setup, 1, NULL) == want && errno == why);
  int a[2], b[2];
  EXPECT(pipe2(a, O_CLOEXEC) == 0 && pipe2(b, O_CLOEXEC) == 0 && write(a[1], "12345", 5) == 5);
  EXPECT(syscall(SYS_splice, a[0], NULL, b[1], NULL, (size_t)5, 0) == 5);
  for (int i = 0; i < 2; i++) EXPECT(close(a[i]) == 0 && close(b[i]) == 0);
  return 0;
}

/* One epoll_pwait takes more events than a turn of uvgo's. */
int many_events(void) {
  enum { many = 300 };
  int fds[many], ep = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event events[many];
  EXPECT(ep >= 0);
  for (int i = 0; i < many; i++) {
    struct epoll_event e = {.events = EPOLLIN};
    EXPECT((fds[i] = eventfd(1, EFD_CLOEXEC)) >= 0 && epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &e) == 0);
  }
  EXPECT(epoll_pwait(ep, events, many, 0, NULL) == many);
  EXPECT(epoll_pwait(ep, events, 0, 0, NULL) == -1 && errno == EINVAL);
  for (int i = 0; i < many; i++) EXPECT(close(fds[i]) == 0);
  EXPECT(close(ep) == 0);
  return 0;
}
