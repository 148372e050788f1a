/* process.c: uv_process_t.
 *
 * How the child is made is in child.c; process.go holds Go's ForkLock meanwhile.
 */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "child_process.h"
#include "sigaction.h"
#include "stream.h"

/* uv_spawn, marked as a call in which libuv may install a signal handler: a loop's first
 * child makes libuv watch SIGCHLD. All signals are blocked meanwhile, so that no handler
 * of Go's runs in the child before the child has reset them. */
static int spawn(uv_loop_t *l, uv_process_t *p, const uv_process_options_t *o) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  cuv_sigaction_enter();
  int r = cuv_child_spawn(l, p, o);
  cuv_sigaction_leave();
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return r;
}

/* The child has ended and been reaped. */
static void on_exit_status(uv_process_t *p, int64_t status, int signum) {
  cuv_handle *h = cuv_of(p);
  if (h->flags.process & CUV_PROCESS_REAPING)
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

/* Translates the child's descriptors. A pipe becomes a pair of sockets, made as
 * libuv makes them: the child inherits one, and ours, in ends, waits for
 * adopt_pipes. */
static int open_stdio(uv_stdio_container_t *io, uv_os_sock_t *ends, cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    cuv_stdio *s = &stdio[i];
    if (s->flags & UV_CREATE_PIPE) {
      if ((s->h = cuv_handle_alloc(UV_NAMED_PIPE)) == NULL) return UV_ENOMEM;
      s->h->flags.stream = s->ipc ? CUV_STREAM_IPC : 0; /* ipc.c tells libuv later */
      uv_os_sock_t fds[2];
      int r = uv_socketpair(SOCK_STREAM, 0, fds, 0, 0);
      if (r < 0) return r;
      ends[i] = fds[0];
      io[i].flags = UV_INHERIT_FD;
      io[i].data.fd = fds[1];
      continue;
    }
    io[i].flags = (uv_stdio_flags)s->flags;
    if (s->flags & UV_INHERIT_FD)
      io[i].data.fd = s->fd;
    else if (s->h != NULL)
      io[i].data.stream = &s->h->uv.stream;
  }
  return 0;
}

/* Makes pipe handles of our ends. No Go object owns them yet, so their close frees them. */
static int adopt_pipes(cuv_loop *l, uv_os_sock_t *ends, cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!(stdio[i].flags & UV_CREATE_PIPE)) continue;
    uv_pipe_t *p = &stdio[i].h->uv.pipe;
    int r = uv_pipe_init(&l->uv, p, 0);
    if (r < 0) return r;
    stdio[i].open = 1;
    if ((r = uv_pipe_open(p, ends[i])) < 0) return r;
    ends[i] = -1; /* libuv's */
  }
  return 0;
}

/* Closes the child's ends of the pipes, and those of ours that libuv has not got. */
static void close_ends(const uv_stdio_container_t *io, const uv_os_sock_t *ends, const cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!(stdio[i].flags & UV_CREATE_PIPE) || io[i].flags == UV_IGNORE) continue;
    close(io[i].data.fd);
    if (ends[i] >= 0) close(ends[i]);
  }
}

/* Closes or frees the pipes of a child that has not been made. */
static void drop_pipes(cuv_stdio *stdio, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (!(stdio[i].flags & UV_CREATE_PIPE) || stdio[i].h == NULL) continue;
    if (stdio[i].open)
      cuv_handle_close(stdio[i].h);
    else
      cuv_handle_free(stdio[i].h);
    stdio[i].h = NULL;
  }
}

/* Starts a child. text holds, each ended by a NUL byte, the file, the working
 * directory (empty: ours), the arguments and the environment; it is copied. A
 * failure leaves nothing but a handle that closes by itself. The submissions have
 * been drained. UV_ENOTSUP where libuv must not watch SIGCHLD. */
int cuv_process_spawn(cuv_loop *l, cuv_spawn_opts o, const char *text, size_t len, cuv_stdio *stdio, cuv_handle **out) {
  if (!cuv_interposes_sigaction()) return UV_ENOTSUP;
  cuv_stdio_fill();
  size_t lists = ((size_t)o.args + o.env + 2) * sizeof(char *);
  char **args = cuv_malloc(lists + len);
  uv_stdio_container_t *io = cuv_calloc((size_t)o.stdio + 1, sizeof *io);
  uv_os_sock_t *ends = cuv_malloc(((size_t)o.stdio + 1) * sizeof *ends);
  cuv_handle *h = cuv_handle_alloc(UV_PROCESS);
  int r = UV_ENOMEM;
  if (args == NULL || io == NULL || ends == NULL || h == NULL) goto done;
  if ((r = open_stdio(io, ends, stdio, o.stdio)) < 0) goto done;

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
  if (r == 0) r = adopt_pipes(l, ends, stdio, o.stdio);
  if (r == 0) {
    h->slot = o.slot;
    h->gen = o.gen;
    *out = h;
  } else {
    cuv_process_close(h, 1); /* libuv can fail with the child already there */
  }
  h = NULL; /* libuv has it */
done:
  if (io != NULL && ends != NULL) close_ends(io, ends, stdio, o.stdio);
  if (r < 0) drop_pipes(stdio, o.stdio);
  cuv_handle_free(h);
  cuv_free(ends);
  cuv_free(io);
  cuv_free(args);
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
    h->flags.process |= CUV_PROCESS_REAPING;
    uv_ref(&h->uv.handle);
    return 0;
  }
  cuv_handle_close(h);
  return runs;
}
