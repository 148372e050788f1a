/* child.c: uv_spawn without fork's cost.
 *
 * libuv forks, and fork copies the page tables: with a heap of gigabytes that
 * takes hundreds of milliseconds, in which the loop stands still. So libuv's fork
 * comes here instead. While this thread is in cuv_child_spawn the child is made as
 * posix_spawn makes one: it shares our memory, on a stack of its own, and this
 * thread waits until it has become the program. What libuv's own child does to
 * itself (uv__process_child_init) the function become does, in the same order:
 *
 *   - The child makes system calls only, and writes nothing that other threads read:
 *     no malloc, no lock, no environ. glibc's setuid would signal all our threads.
 *   - What needs memory, the search in PATH, is done before the child exists.
 *   - The child leaves the errno of a failure in its description. libuv then gets it
 *     as the error of fork, and reports it as it reports one of its own child.
 *
 * Where the system refuses such a child, as some sandboxes do, libuv forks. libuv's calls come here as interpose.h says.
 */
#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifndef SYS_close_range
#define SYS_close_range 436 /* the same on every architecture */
#endif
#endif

#include "child.h"

#ifdef __linux__
#include "interpose.h"

CUV_USES_NEXT(fork);
CUV_USES_NEXT(posix_spawnattr_init);

/* A child to be made. */
typedef struct child {
  const uv_process_options_t *o;
  int *fds;      /* fds[i] is our descriptor that becomes the child's i, or -1 */
  int n;         /* of fds, at least 3 */
  char *names;   /* the files to try, each ended by a NUL; the empty one ends them */
  char **script; /* the arguments of a shell that runs such a file, its name missing */
  int error;     /* errno of what failed in the child */
} child;

static __thread child *making; /* the child that this thread is about to make */

/* Marks what runs in the child, whose stack AddressSanitizer does not know. */
#define IN_CHILD __attribute__((no_sanitize_address)) static

/* Puts signals 1 to 31 back to their default, as libuv does. So it does with the
 * real-time signals that have a handler: our handlers must not run in the child. */
IN_CHILD int reset_signals(void) {
#ifdef __mips__
  enum { handler = 1 };
#else
  enum { handler = 0 }; /* where the kernel's struct has it, in words */
#endif
  unsigned long none[32] = {0}, now[32] = {0};
  const size_t size = (_NSIG - 1) / 8;
  for (int n = 1; n < _NSIG; n++) {
    if (n == SIGKILL || n == SIGSTOP) continue;
    if (n >= 32) {
      if (syscall(SYS_rt_sigaction, n, NULL, now, size) != 0) continue;
      if (now[handler] <= (unsigned long)SIG_IGN) continue;
    }
    if (syscall(SYS_rt_sigaction, n, none, NULL, size) != 0 && n < 32) return -1;
  }
  return 0;
}

/* Marks all descriptors above 2 as close-on-exec; become takes the mark off those that
 * are listed. So the child does not inherit one that was opened without the mark. A
 * kernel before Linux 5.11 has no close_range, and nothing is marked. */
IN_CHILD void close_others(void) { syscall(SYS_close_range, 3u, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */); }

/* Makes descriptor fd from use, or from /dev/null. */
IN_CHILD int move(int fd, int use) {
  int null = use < 0;
  if (null) {
    close(fd);
    use = open("/dev/null", fd == 0 ? O_RDONLY : O_RDWR);
    if (use < 0) return -1;
  }
  if (use != fd) {
    if (dup2(use, fd) < 0) return -1;
    if (null) close(use);
  } else if (!null && fcntl(fd, F_SETFD, 0) < 0) {
    return -1;
  }
  if (fd > 2 || null) return 0;
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK)) fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  return 0;
}

/* Gives the child its descriptors. One that comes from a lower number is first copied
 * to a higher one: the lower number could be replaced before it is used. */
IN_CHILD int take_descriptors(child *c) {
  for (int fd = 0; fd < c->n; fd++) {
    if (c->fds[fd] < 0 || c->fds[fd] >= fd) continue;
    if ((c->fds[fd] = fcntl(c->fds[fd], F_DUPFD_CLOEXEC, c->n)) < 0) return -1;
  }
  for (int fd = 0; fd < c->n; fd++) {
    if (c->fds[fd] < 0 && fd > 2) continue;
    if (move(fd, c->fds[fd]) != 0) return -1;
  }
  return 0;
}

/* Becomes another user and group, in this process alone. */
IN_CHILD int take_ids(const uv_process_options_t *o) {
  if (o->flags & (UV_PROCESS_SETUID | UV_PROCESS_SETGID)) syscall(SYS_setgroups, 0, NULL); /* may fail */
  if ((o->flags & UV_PROCESS_SETGID) && syscall(SYS_setgid, o->gid) != 0) return -1;
  if ((o->flags & UV_PROCESS_SETUID) && syscall(SYS_setuid, o->uid) != 0) return -1;
  return 0;
}

/* Becomes the program; returns when no file of c->names can be it, as execvp. */
IN_CHILD void execute(child *c) {
  int denied = 0;
  errno = ENOENT;
  for (char *name = c->names; *name != 0; name += strlen(name) + 1) {
    execve(name, c->o->args, c->o->env);
#ifdef __GLIBC__
    if (errno == ENOEXEC) {
      c->script[1] = name;
      execve(c->script[0], c->script, c->o->env);
    }
#endif
    switch (errno) {
    case EACCES: denied = 1; break;
    case ENOENT:
    case ENOTDIR:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT: break;
    default: return;
    }
  }
  if (denied) errno = EACCES;
}

/* The child, from its first instruction to the program's. */
IN_CHILD int become(void *arg) {
  child *c = arg;
  const uv_process_options_t *o = c->o;
  unsigned long mask[32] = {0};
  if (reset_signals() != 0) goto failed;
  if (o->flags & UV_PROCESS_DETACHED) setsid();
  close_others();
  if (take_descriptors(c) != 0) goto failed;
  if (o->cwd != NULL && chdir(o->cwd) != 0) goto failed;
  if (take_ids(o) != 0) goto failed;
  if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, NULL, (size_t)(_NSIG - 1) / 8) != 0) goto failed;
  execute(c);
failed:
  c->error = errno;
  _exit(127);
}

/* Makes the child, and waits until it is the program. Returns its process id, or -1
 * with errno. refused says whether the system has refused such a child. */
static pid_t make(child *c, int *refused) {
  _Alignas(64) char stack[16 << 10];
  *refused = c->names == NULL;
  if (*refused) return -1;
  syscall(SYS_gettid); /* the first call may look for its definition (next.c), which the child must not do */
  pid_t pid = clone(become, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, c);
  *refused = pid < 0 && errno != EAGAIN && errno != ENOMEM;
  if (pid < 0 || c->error == 0) return pid;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
  errno = c->error;
  return -1;
}

/* What libuv calls in place of fork. */
pid_t cuv_child_fork(void) {
  child *c = making;
  if (c == NULL) return CUV_NEXT(fork)();
  int refused;
  pid_t pid = make(c, &refused);
  if (!refused) return pid;
  if ((pid = CUV_NEXT(fork)()) == 0) close_others();
  return pid;
}

/* What libuv calls in place of posix_spawnattr_init: from 1.53 on it makes a child by
 * posix_spawn, which inherits descriptors that nobody listed and runs no script without a first
 * line that names its interpreter. A libuv that is told that the system cannot, forks. */
int cuv_child_spawnattr(posix_spawnattr_t *attr) {
  if (making != NULL) return ENOSYS;
  return CUV_NEXT(posix_spawnattr_init)(attr);
}

/* The descriptor of ours that a container names, or -1. */
static int given(const uv_stdio_container_t *s) {
  uv_os_fd_t fd = -1;
  if (s->flags & UV_INHERIT_FD) return s->data.fd;
  if (s->flags & UV_INHERIT_STREAM) uv_fileno((const uv_handle_t *)s->data.stream, &fd);
  return fd;
}

/* Where execvp looks for a file: in the directories of the child's PATH. */
static const char *search_path(char **env) {
  for (; *env != NULL; env++)
    if (strncmp(*env, "PATH=", 5) == 0) return *env + 5;
#ifdef __GLIBC__
  return "/bin:/usr/bin";
#else
  return "/usr/local/bin:/bin:/usr/bin";
#endif
}

/* Lists the files that execvp would try. */
static char *list_names(const uv_process_options_t *o) {
  size_t len = strlen(o->file);
  /* A name that is too long is left to the kernel to refuse. */
  int alone = strchr(o->file, '/') != NULL || len > NAME_MAX;
  const char *path = alone ? "" : search_path(o->env);
  size_t dirs = 1;
  for (const char *p = path; *p != 0; p++) dirs += *p == ':';
  char *names = cuv_malloc(strlen(path) + dirs * (len + 2) + 1);
  if (names == NULL) return NULL;
  char *to = names;
  for (const char *p = path;; p++) {
    size_t n = strcspn(p, ":");
    if (n < PATH_MAX) {
      memcpy(to, p, n);
      to += n;
      if (n > 0) *to++ = '/'; /* an empty one is the child's own directory */
      memcpy(to, o->file, len + 1);
      to += len + 1;
    }
    p += n;
    if (*p == 0) break;
  }
  *to = 0;
  return names;
}

/* uv_spawn, its child made here; args and env are there. So are the pipes among
 * the child's descriptors, for libuv tells nobody which it makes. */
int cuv_child_spawn(uv_loop_t *l, uv_process_t *p, const uv_process_options_t *o) {
  size_t args = 0;
  while (o->args[args] != NULL) args++;
  child c = {.o = o, .n = o->stdio_count < 3 ? 3 : o->stdio_count};
  c.fds = cuv_malloc((size_t)c.n * sizeof *c.fds);
  c.script = cuv_malloc((args + 3) * sizeof *c.script);
  if (c.fds != NULL && c.script != NULL) {
    for (int i = 0; i < c.n; i++) c.fds[i] = i < o->stdio_count ? given(&o->stdio[i]) : -1;
    c.script[0] = "/bin/sh";
    c.script[2] = NULL;
    if (args > 0) memcpy(c.script + 2, o->args + 1, args * sizeof *c.script);
    c.names = list_names(o);
  }
  making = &c;
  int r = uv_spawn(l, p, o);
  making = NULL;
  cuv_free(c.names);
  cuv_free(c.script);
  cuv_free(c.fds);
  return r;
}
#else
/* uv_spawn: macOS makes its child by posix_spawn; the others fork. */
int cuv_child_spawn(uv_loop_t *l, uv_process_t *p, const uv_process_options_t *o) { return uv_spawn(l, p, o); }
#endif
