/* tty.c: uv_tty_t, and the terminals whose modes have to be put back. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cuv.h"

/* Makes a tty handle of a terminal. libuv opens the terminal anew, and makes the
 * descriptor that it gets refer to the new opening, too. So it gets a duplicate, which
 * is closed afterwards: the caller's descriptor stays as it is. */
int cuv_tty_new(cuv_loop *l, int fd, uint32_t slot, uint32_t gen, cuv_handle **out) {
  cuv_flush(l);
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (own < 0) return uv_translate_sys_error(errno);
  int r = UV_EINVAL;
  cuv_handle *h = NULL;
  if (uv_guess_handle(own) != UV_TTY) goto fail;
  r = UV_ENOMEM;
  if ((h = cuv_handle_alloc(UV_TTY)) == NULL) goto fail;
  cuv_stdio_fill();
  if ((r = uv_tty_init(&l->uv, &h->uv.tty, own, 0)) < 0) goto fail;
  uv_os_fd_t used = own;
  uv_fileno(&h->uv.handle, &used);
  if (used != own) close(own);
  h->slot = slot;
  h->gen = gen;
  *out = h;
  return 0;
fail:
  close(own);
  cuv_handle_free(h);
  return r;
}

/* A terminal that is not in its first mode. libuv remembers one terminal for the whole
 * process, and a mode for each handle. With two handles of one terminal, each would put
 * back the mode that the other has set. */
typedef struct saved {
  struct saved *next;
  cuv_handle *h;
  int fd;
  dev_t dev; /* the terminal, or 0: unlike any other */
  struct termios mode;
} saved;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* any thread may put modes back */
static saved *all;

/* Which terminal a descriptor refers to; 0 for the master of a pty, since all masters
 * have one device number. */
static dev_t terminal(int fd) {
  struct stat st;
#ifdef TIOCGPTN
  unsigned n;
  if (ioctl(fd, TIOCGPTN, &n) == 0) return 0;
#endif
  return fstat(fd, &st) == 0 ? st.st_rdev : 0;
}

/* Remembers the mode of h's terminal, unless a handle has changed it already. */
static int save(cuv_handle *h) {
  uv_os_fd_t fd;
  int r = uv_fileno(&h->uv.handle, &fd);
  if (r < 0) return r;
  saved *s = cuv_malloc(sizeof *s);
  if (s == NULL) return UV_ENOMEM;
  s->h = h;
  s->fd = fd;
  s->dev = terminal(fd);
  pthread_mutex_lock(&lock);
  const saved *same = NULL;
  for (const saved *o = all; o != NULL; o = o->next) {
    if (o->h == h) goto have;
    if (s->dev != 0 && o->dev == s->dev) same = o;
  }
  if (same != NULL)
    s->mode = same->mode;
  else if (tcgetattr(fd, &s->mode) != 0) {
    r = uv_translate_sys_error(errno);
    goto have;
  }
  s->next = all;
  all = s;
  s = NULL;
have:
  pthread_mutex_unlock(&lock);
  cuv_free(s);
  return r;
}

/* Blocks SIGTTOU, which stops a background process that changes a mode. */
static void hold_ttou(sigset_t *old) {
  sigset_t ttou;
  sigemptyset(&ttou);
  sigaddset(&ttou, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &ttou, old);
}

/* Puts a mode back at once, also in a background process. */
static int put(const saved *s) {
  sigset_t old;
  hold_ttou(&old);
  int r;
  do r = tcsetattr(s->fd, TCSANOW, &s->mode);
  while (r != 0 && errno == EINTR);
  if (r != 0) r = uv_translate_sys_error(errno);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return r;
}

/* Forgets what save remembered for h, after putting it back. */
static void restore(cuv_handle *h) {
  pthread_mutex_lock(&lock);
  for (saved **p = &all; *p != NULL; p = &(*p)->next) {
    saved *s = *p;
    if (s->h != h) continue;
    put(s);
    *p = s->next;
    cuv_free(s);
    break;
  }
  pthread_mutex_unlock(&lock);
}

/* uv_close, after putting back what save remembered. libuv itself puts only the first
 * terminal back that the process has changed. */
void cuv_tty_close(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h)); /* what was written before is still for the old mode */
  restore(h);
  sigset_t old;
  hold_ttou(&old);
  cuv_handle_close(h);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* uv_tty_set_mode. mode: 0 normal, 1 raw, 2 io, 3 raw with virtual terminal. */
int cuv_tty_set_mode(cuv_handle *h, int mode) {
  static const uv_tty_mode_t modes[] = {
    UV_TTY_MODE_NORMAL, UV_TTY_MODE_RAW, UV_TTY_MODE_IO,
#if UV_VERSION_HEX >= 0x013300
    UV_TTY_MODE_RAW_VT,
#endif
  };
  if (mode < 0 || (size_t)mode >= sizeof modes / sizeof *modes) return UV_ENOTSUP;
  cuv_flush(cuv_loop_of(h));
  int r = mode == 0 ? 0 : save(h);
  if (r == 0) r = uv_tty_set_mode(&h->uv.tty, modes[mode]);
  if (r == 0 && mode == 0) restore(h);
  return r;
}

/* uv_tty_get_winsize. */
int cuv_tty_winsize(cuv_handle *h, int *width, int *height) { return uv_tty_get_winsize(&h->uv.tty, width, height); }

/* uv_tty_reset_mode, and the terminals that it does not know of. Any thread. */
int cuv_tty_reset_mode(void) {
  sigset_t old;
  hold_ttou(&old);
  int r = uv_tty_reset_mode();
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  pthread_mutex_lock(&lock);
  for (const saved *s = all; s != NULL; s = s->next) {
    int err = put(s);
    if (r == 0) r = err;
  }
  pthread_mutex_unlock(&lock);
  return r;
}

/* uv_guess_handle. */
int cuv_guess_handle(int fd) { return (int)uv_guess_handle(fd); }
