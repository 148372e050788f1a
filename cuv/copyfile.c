/* copyfile.c: uv_fs_copyfile, but up to where a file ends.
 *
 * libuv's copies st_size bytes. A file can end before: those of sysfs do, and one that is
 * truncated meanwhile. libuv then copies for ever, and occupies a thread of the pool. The
 * files of /proc have a size of 0, and libuv copies nothing of them. It also sets the
 * times before it writes. So cuv copies by itself, as work on libuv's pool, up to where the
 * file ends, and reports the errors that libuv would report.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#endif

#include "fs.h"

#ifdef __APPLE__
/* macOS copies by itself. */
int cuv_fs_copyfile(uv_loop_t *l, cuv_fs_req *r, const char *path, const char *new_path, uv_fs_cb cb) {
  return uv_fs_copyfile(l, &r->req, path, new_path, r->flags, cb);
}
#else
static int open_file(const char *path, int flags, mode_t mode) {
  int fd;
  do fd = open(path, flags | O_CLOEXEC, mode);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* Writes all of p. */
static int write_all(int fd, const char *p, size_t n) {
  while (n > 0) {
    ssize_t w = write(fd, p, n);
    if (w < 0 && errno == EINTR) continue;
    if (w < 0) return -1;
    p += w;
    n -= (size_t)w;
  }
  return 0;
}

/* Copies everything up to the end of the source. The kernel copies what it can: of some
 * files that are not empty it copies nothing, and others it refuses. Reading and writing
 * copies the rest, and finds the end or the error. */
static int move_data(int from, int to) {
#ifdef __linux__
  ssize_t moved;
  do moved = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
  while (moved > 0 || (moved < 0 && errno == EINTR));
#endif
  enum { size = 256 << 10 };
  char *buf = cuv_malloc(size);
  if (buf == NULL) return -1;
  ssize_t n;
  do {
    n = read(from, buf, size);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0 && write_all(to, buf, (size_t)n) != 0) n = -1;
    if (n < 0) break;
  } while (n != 0);
  int err = errno;
  cuv_free(buf);
  errno = err;
  return n < 0 ? -1 : 0;
}

/* fchmod, but for shares on which nobody can do it. */
static int set_mode(int fd, mode_t mode) {
  if (fchmod(fd, mode) == 0) return 0;
#ifdef __linux__
  struct statfs s;
  if (errno != EPERM) return -1;
  if (fstatfs(fd, &s) == 0) {
    switch ((unsigned)s.f_type) {
    case 0x0000517Bu: /* SMB */
    case 0xFE534D42u: /* SMB2 */
    case 0xFF534D42u: /* CIFS */
      return 0;
    }
  }
  errno = EPERM;
#endif
  return -1;
}

/* Lets the file share the source's blocks, if it should: 1 if it does, and so has
 * the content. */
static int clone_data(int from, int to, int flags) {
  const int force = flags & UV_FS_COPYFILE_FICLONE_FORCE;
  if (!force && !(flags & UV_FS_COPYFILE_FICLONE)) return 0;
#ifdef FICLONE
  if (ioctl(to, FICLONE, from) == 0) return 1;
#else
  (void)from, (void)to;
  errno = ENOSYS;
#endif
  return force ? -1 : 0;
}

/* Makes the open file a copy of the source: content, owner if that may be, mode
 * and times. Of what is neither a file nor a directory, which cannot be
 * read, there is no content. */
static int fill(int from, int to, const struct stat *st, int flags) {
  struct stat old = {0};
  if (!(flags & UV_FS_COPYFILE_EXCL)) {
    if (fstat(to, &old) != 0) return -1;
    if (old.st_dev == st->st_dev && old.st_ino == st->st_ino) return 0;
    /* CephFS refuses it for a new file without write permission. */
    if (ftruncate(to, 0) != 0 && (errno != EACCES || old.st_size > 0)) return -1;
  }
  if (fchown(to, st->st_uid, st->st_gid) != 0) {
    /* as cp -p */
  }
  if (set_mode(to, st->st_mode) != 0) return -1;
  int cloned = clone_data(from, to, flags);
  if (cloned < 0) return -1;
  if (!cloned && (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) && move_data(from, to) != 0) return -1;
  if ((st->st_mode & (S_ISUID | S_ISGID)) && set_mode(to, st->st_mode) != 0) return -1; /* writing takes them away */
#ifdef st_mtime
  const struct timespec times[2] = {st->st_atim, st->st_mtim};
  return futimens(to, times);
#else
  return 0;
#endif
}

static int copy(const char *path, const char *new_path, int flags) {
  struct stat st;
  int from = open_file(path, O_RDONLY, 0);
  if (from < 0) return uv_translate_sys_error(errno);
  int to = -1, err = 0;
  if (fstat(from, &st) == 0)
    to = open_file(new_path, O_WRONLY | O_CREAT | (flags & UV_FS_COPYFILE_EXCL ? O_EXCL : 0), st.st_mode);
  if (to < 0 || fill(from, to, &st, flags) != 0) err = uv_translate_sys_error(errno);
  close(from);
  if (to < 0) return err;
  int half = fstat(to, &st) == 0 && S_ISREG(st.st_mode);
  if (close(to) != 0 && errno != EINTR && err == 0) err = uv_translate_sys_error(errno);
  if (half && err != 0) unlink(new_path); /* libuv unlinks also devices: /dev/null, for root */
  return err;
}

static cuv_fs_req *of_work(uv_work_t *w) { return (cuv_fs_req *)((char *)w - offsetof(cuv_fs_req, work)); }

/* Reports a completion, as on_fs in fs.c does. */
static void after(uv_work_t *w, int status) {
  cuv_fs_req *r = of_work(w);
  cuv_loop *l = (cuv_loop *)((char *)w->loop - offsetof(cuv_loop, uv));
  if (status < 0) r->result = status; /* UV_ECANCELED */
  cuv_free(r->paths);
  r->paths = NULL;
  r->state = CUV_FS_DONE;
  cuv_push(l, CUV_EV_FS, r->slot, r->gen, r->result < 0 ? (int32_t)r->result : 0, r, 0);
}

static void copy_work(uv_work_t *w) {
  cuv_fs_req *r = of_work(w);
  r->result = copy(r->paths, r->paths + strlen(r->paths) + 1, r->flags);
}

/* uv_fs_copyfile. */
int cuv_fs_copyfile(uv_loop_t *l, cuv_fs_req *r, const char *path, const char *new_path, uv_fs_cb cb) {
  (void)cb;
  size_t n = strlen(path) + 1, m = strlen(new_path) + 1;
  if ((r->paths = cuv_malloc(n + m)) == NULL) return UV_ENOMEM;
  memcpy(r->paths, path, n);
  memcpy(r->paths + n, new_path, m);
  int rc = uv_queue_work(l, &r->work, copy_work, after);
  if (rc == 0) return 0;
  cuv_free(r->paths);
  r->paths = NULL;
  return rc;
}
#endif
