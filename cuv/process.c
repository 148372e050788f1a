/* process.c: uv_process_t.
 *
 * libuv forks, and its child shares nothing with us but copies: it calls only
 * what is safe after a fork of a process with threads, and ends in execvp. It
 * resets signals 1 to 31 and the mask itself. process.go holds Go's ForkLock.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#ifndef SYS_close_range
#define SYS_close_range 436 /* the same on every architecture */
#endif
#endif

#include "process.h"

static __thread int spawning; /* this thread is in uv_spawn */

/* Runs in the child, in every fork: marks what is open beyond stderr as
 * close-on-exec. libuv takes the mark from the listed descriptors, so that the
 * others stay here even if whoever opened them forgot it. A kernel without
 * close_range (before Linux 5.11) leaves it to the openers. */
static void in_child(void) {
#ifdef __linux__
  if (spawning) syscall(SYS_close_range, 3u, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */);
#endif
}

static void before_first(void) { pthread_atfork(NULL, NULL, in_child); }

/* uv_spawn, under the eyes of sigaction.c: the first child of a loop makes
 * libuv watch SIGCHLD. Signals stay blocked, so that no handler of Go's runs in
 * the child before libuv has reset them. */
static int spawn(uv_loop_t *l, uv_process_t *p, const uv_process_options_t *o) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, before_first);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  cuv_sigaction_enter();
  spawning = 1;
  int r = uv_spawn(l, p, o);
  spawning = 0;
  cuv_sigaction_leave();
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return r;
}

/* The child has ended and been reaped. */
static void on_exit_status(uv_process_t *p, int64_t status, int signum) {
  cuv_handle *h = cuv_of(p);
  if (h->flags & CUV_REAPING)
    cuv_handle_close(h);
  else
    cuv_push_handle(h, CUV_EV_EXIT, signum, NULL, (uint64_t)status);
}

/* Fills an array of pointers, NULL at its end, with n strings from text; returns
 * what follows them. */
static char *point(char **list, uint32_t n, char *text) {
  for (uint32_t i = 0; i < n; i++) {
    list[i] = text;
    text += strlen(text) + 1;
  }
  list[n] = NULL;
  return text;
}

/* Translates the child's descriptors, and makes the pipes among them. Nobody
 * owns those yet: closed, they are freed. */
static int open_stdio(cuv_loop *l, uv_stdio_container_t *io, cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    cuv_stdio *s = &stdio[i];
    io[i].flags = (uv_stdio_flags)s->flags;
    if (s->flags & UV_CREATE_PIPE) {
      cuv_handle *h = cuv_handle_alloc(UV_NAMED_PIPE);
      if (h == NULL) return UV_ENOMEM;
      h->flags = s->ipc ? CUV_IPC : 0; /* libuv learns of it in ipc.c */
      int r = uv_pipe_init(&l->uv, &h->uv.pipe, 0);
      if (r < 0) {
        cuv_handle_free(h);
        return r;
      }
      s->h = h;
    }
    if (s->flags & UV_INHERIT_FD)
      io[i].data.fd = s->fd;
    else if (s->h != NULL)
      io[i].data.stream = &s->h->uv.stream;
  }
  return 0;
}

/* Closes the pipes that open_stdio made. */
static void close_stdio(cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!(stdio[i].flags & UV_CREATE_PIPE) || stdio[i].h == NULL) continue;
    cuv_handle_close(stdio[i].h);
    stdio[i].h = NULL;
  }
}

/* Starts a child. text holds, each ended by a NUL byte, the file, the working
 * directory (empty: ours), the arguments and the environment; it is copied. A
 * failure leaves nothing but handles that close by themselves. UV_ENOTSUP where
 * libuv must not watch SIGCHLD. */
int cuv_process_spawn(cuv_loop *l, cuv_spawn_opts o, const char *text, size_t len, cuv_stdio *stdio, cuv_handle **out) {
  if (!cuv_sigaction_works()) return UV_ENOTSUP;
  cuv_flush(l);
  cuv_stdio_fill();
  size_t lists = ((size_t)o.args + o.env + 2) * sizeof(char *);
  char **args = malloc(lists + len);
  uv_stdio_container_t *io = calloc((size_t)o.stdio + 1, sizeof *io);
  cuv_handle *h = cuv_handle_alloc(UV_PROCESS);
  int r = UV_ENOMEM;
  if (args == NULL || io == NULL || h == NULL) goto done;
  if ((r = open_stdio(l, io, stdio, o.stdio)) < 0) goto done;

  char *file = memcpy((char *)args + lists, text, len);
  char *dir = file + strlen(file) + 1;
  char **env = args + o.args + 1;
  point(env, o.env, point(args, o.args, dir + strlen(dir) + 1));
  uv_process_options_t opts = {
      .exit_cb = on_exit_status,
      .file = file,
      .args = args,
      .env = env,
      .cwd = *dir != 0 ? dir : NULL,
      .flags = o.flags,
      .stdio_count = (int)o.stdio,
      .stdio = io,
      .uid = (uv_uid_t)o.uid,
      .gid = (uv_gid_t)o.gid,
  };
  r = spawn(&l->uv, &h->uv.process, &opts);
  if (r == 0) {
    h->slot = o.slot;
    h->gen = o.gen;
    *out = h;
  } else {
    cuv_process_close(h, 1); /* libuv can fail with the child already there */
  }
  h = NULL; /* libuv has it */
done:
  if (r < 0) close_stdio(stdio, o.stdio);
  cuv_handle_free(h);
  free(io);
  free(args);
  return r;
}

/* uv_process_get_pid. */
int cuv_process_pid(cuv_handle *h) { return (int)uv_process_get_pid(&h->uv.process); }

/* uv_process_kill, but never of a child that has been reaped: its number may be
 * another's by now. */
int cuv_process_kill(cuv_handle *h, int signum) {
  cuv_flush(cuv_loop_of(h));
  return uv_is_active(&h->uv.handle) ? uv_process_kill(&h->uv.process, signum) : UV_ESRCH;
}

/* Closes the handle; with kill, not before the child has been killed and reaped.
 * Returns 1 if the child goes on without a handle. */
int cuv_process_close(cuv_handle *h, int kill) {
  cuv_flush(cuv_loop_of(h));
  int runs = uv_is_active(&h->uv.handle);
  if (runs && kill && uv_process_kill(&h->uv.process, SIGKILL) == 0) {
    h->flags |= CUV_REAPING;
    uv_ref(&h->uv.handle);
    return 0;
  }
  cuv_handle_close(h);
  return runs;
}
