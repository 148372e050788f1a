/* files.c: file operations, and files that are watched. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fs.h"
#include "harness.h"

static char dir[256];
static cuv_fs_req *op;
static slot *waits; /* for op */
static int over;

static int ended(void) { return over; }

static void on_fs(slot *s, const cuv_cqe *e) {
  (void)s, (void)e;
  over = 1;
}

/* Carries out an operation and leaves its result in op->result: an error that is no want
 * of memory ends the program. 0: out of memory. */
static int run(uv_fs_type type, const char *path, const char *other, const uv_buf_t *bufs, unsigned n) {
  op->slot = slot_index(waits);
  op->gen = 1;
  op->type = type;
  over = 0;
  int r = cuv_fs_start(w.l, op, path, other, (const uintptr_t *)bufs, n);
  if (r == 0) turns(ended);
  return ok(r < 0 ? r : (int)op->result, "a file operation");
}

/* Frees what an operation found, as Go does. */
static void release(void) {
  if (op->held) cuv_fs_release(op);
}

/* run, of an operation whose result nobody reads. */
static int just(uv_fs_type type, const char *path, const char *other) {
  int r = run(type, path, other, NULL, 0);
  release();
  return r;
}

static const char *in_dir(const char *name) {
  static char path[4][300];
  static int i;
  i = (i + 1) % 4;
  snprintf(path[i], sizeof path[i], "%s/%s", dir, name);
  return path[i];
}

static int file_work(void) {
  static char text[5][1000];
  uv_buf_t bufs[5];
  for (int i = 0; i < 5; i++) {
    pattern_fill(text[i], (uint64_t)i * 1000, 1000);
    bufs[i] = uv_buf_init(text[i], 1000);
  }
  op->flags = O_RDWR | O_CREAT, op->mode = 0600;
  if (!just(UV_FS_OPEN, in_dir("a"), NULL)) return -1;
  int fd = (int)op->result;
  op->fd = fd, op->off = 0;
  if (run(UV_FS_WRITE, NULL, NULL, bufs, 5)) {
    if (op->result != 5000) fail("%d bytes written", (int)op->result);
    release();
    memset(text, 0, sizeof text);
    op->off = 0;
    if (run(UV_FS_READ, NULL, NULL, bufs, 5)) pattern_check(text[0], 0, 5000, "a file");
    release();
  } else {
    release();
  }
  op->fd = fd;
  just(UV_FS_FSTAT, NULL, NULL);
  op->fd = fd;
  if (!just(UV_FS_CLOSE, NULL, NULL)) close(fd);
  return 0;
}

static void directory_work(void) {
  op->flags = 0;
  just(UV_FS_SCANDIR, dir, NULL);
  if (!run(UV_FS_OPENDIR, dir, NULL, NULL, 0)) {
    release();
    return;
  }
  uv_dir_t *d = op->dir;
  release();
  op->dir = d, op->entries = 2;
  for (int64_t n = 1; n > 0;) {
    op->dir = d;
    n = run(UV_FS_READDIR, NULL, NULL, NULL, 0) ? op->result : 0;
    release();
  }
  op->dir = d;
  if (!just(UV_FS_CLOSEDIR, NULL, NULL)) cuv_dir_close(d);
}

void scenario_files(void) {
  if ((op = cuv_fs_new()) == NULL) {
    w.errors++;
    return;
  }
  waits = slot_new(on_fs);
  if (!run(UV_FS_MKDTEMP, "/tmp/uvgo-harness-XXXXXX", NULL, NULL, 0)) {
    release();
    cuv_fs_free(op);
    return;
  }
  snprintf(dir, sizeof dir, "%s", op->data);
  release();
  if (file_work() == 0) {
    op->flags = 0;
    just(UV_FS_COPYFILE, in_dir("a"), in_dir("b"));
    just(UV_FS_SYMLINK, "a", in_dir("c"));
    if (access(in_dir("c"), F_OK) == 0) {
      just(UV_FS_READLINK, in_dir("c"), NULL);
      just(UV_FS_REALPATH, in_dir("c"), NULL);
    }
    just(UV_FS_STAT, in_dir("a"), NULL);
    just(UV_FS_STATFS, dir, NULL);
    directory_work();
  }
  unlink(in_dir("a")), unlink(in_dir("b")), unlink(in_dir("c"));
  if (rmdir(dir) != 0) fail("the directory is not empty");
  cuv_fs_free(op);
}

static int seen;

static int both_seen(void) { return seen == 3 || w.errors > 0; }

static void on_watched(slot *s, const cuv_cqe *e) {
  if (!ok(e->status, "a watched file")) return;
  if (e->kind == CUV_EV_FS_EVENT && e->ptr != NULL && strncmp(e->ptr, "watched", e->aux >> 32) != 0) fail("another file changed");
  seen |= s->arg == NULL ? 1 : 2;
}

void scenario_watch(void) {
  seen = 0;
  snprintf(dir, sizeof dir, "/tmp/uvgo-harness-%d", (int)getpid());
  if (mkdir(dir, 0700) != 0) fail("mkdir");
  int fd = open(in_dir("watched"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  slot *events = handle_new(UV_FS_EVENT, on_watched), *poll = handle_new(UV_FS_POLL, on_watched);
  if (events != NULL && poll != NULL) {
    poll->arg = poll;
    if (ok(cuv_fs_event_start(events->h, dir, 0), "fs_event") && ok(cuv_fs_poll_start(poll->h, in_dir("watched"), 2), "fs_poll")) {
      for (int i = 0; !both_seen() && i < 2000; i++) {
        if (write(fd, "x", 1) != 1) fail("write");
        turn();
      }
      if (!both_seen()) fail("watched files changed, and nobody tells");
      char path[300];
      size_t n = sizeof path;
      ok(cuv_fs_poll_path(poll->h, path, &n), "fs_poll_path");
      cuv_fs_event_stop(events->h);
      cuv_fs_poll_stop(poll->h);
    }
  }
  close(fd);
  unlink(in_dir("watched"));
  rmdir(dir);
}
