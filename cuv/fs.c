/* fs.c: uv_fs_t. */
#include <stdlib.h>
#include <string.h>

#include "fs.h"

/* Keeps libuv before 1.49, which hands file operations to io_uring by default,
 * with its kernel thread and without uv_cancel, from doing so. Called before the
 * first loop; a variable that is set already stays as it is. */
void cuv_fs_no_uring(void) {
#ifdef __linux__
  if (uv_version() < 0x013100) setenv("UV_USE_IO_URING", "0", 0);
#endif
}

/* Memory for one operation. */
cuv_fs_req *cuv_fs_new(void) { return cuv_calloc(1, sizeof(cuv_fs_req)); }

/* Frees it, after cuv_fs_release or a failed start. */
void cuv_fs_free(cuv_fs_req *r) { cuv_free(r); }

/* Frees what a completed operation found. */
void cuv_fs_release(cuv_fs_req *r) {
  if (r->type == UV_FS_SCANDIR || r->type == UV_FS_READDIR) cuv_free(r->data);
  uv_fs_req_cleanup(&r->req);
  r->data = NULL;
  r->held = 0;
}

/* Points at a string that libuv keeps until the clean-up. */
static void hold(cuv_fs_req *r, const char *s) {
  r->data = (char *)s;
  r->size = strlen(s);
  r->held = 1;
}

/* Makes what a successful operation found readable for Go. */
static void collect(cuv_fs_req *r) {
  uv_fs_t *req = &r->req;
  switch (uv_fs_get_type(req)) {
  case UV_FS_STAT:
  case UV_FS_LSTAT:
  case UV_FS_FSTAT: r->data = (char *)uv_fs_get_statbuf(req); break;
  case UV_FS_READLINK:
  case UV_FS_REALPATH: hold(r, uv_fs_get_ptr(req)); break;
  case UV_FS_MKDTEMP:
  case UV_FS_MKSTEMP: hold(r, uv_fs_get_path(req)); break;
  case UV_FS_STATFS:
    r->data = uv_fs_get_ptr(req);
    r->held = 1;
    break;
  case UV_FS_OPENDIR:
    r->dir = uv_fs_get_ptr(req); /* ours until closedir */
    r->dir->dirents = NULL;
    r->dir->nentries = 0;
    break;
  case UV_FS_SCANDIR:
  case UV_FS_READDIR: {
    int err = cuv_dir_pack(r);
    r->held = 1;
    if (err < 0) r->result = err;
    break;
  }
  case UV_FS_CLOSEDIR: cuv_free(r->dirents); break;
  default: break;
  }
}

/* Reports a completion. What Go does not read is freed here. */
static void on_fs(uv_fs_t *req) {
  cuv_fs_req *r = (cuv_fs_req *)((char *)req - offsetof(cuv_fs_req, req));
  cuv_loop *l = (cuv_loop *)((char *)req->loop - offsetof(cuv_loop, uv));
  r->result = uv_fs_get_result(req);
  /* On Unix both are the same number with the sign turned. */
  if (r->result < 0) r->result = uv_translate_sys_error(uv_fs_get_system_error(req));
  r->state = CUV_FS_DONE;
  if (r->result >= 0) collect(r);
  if (!r->held) uv_fs_req_cleanup(req);
  cuv_push(l, CUV_EV_FS, r->slot, r->gen, r->result < 0 ? (int32_t)r->result : 0, r, 0);
}

/* Calls the function of the operation. */
static int dispatch(uv_loop_t *l, cuv_fs_req *r, const char *path, const char *new_path, const uv_buf_t *bufs, unsigned n) {
  uv_fs_t *req = &r->req;
  switch ((uv_fs_type)r->type) {
  case UV_FS_OPEN: return uv_fs_open(l, req, path, r->flags, r->mode, on_fs);
  case UV_FS_CLOSE: return uv_fs_close(l, req, r->fd, on_fs);
  case UV_FS_READ: return uv_fs_read(l, req, r->fd, bufs, n, r->off, on_fs);
  case UV_FS_WRITE: return uv_fs_write(l, req, r->fd, bufs, n, r->off, on_fs);
  case UV_FS_SENDFILE: return uv_fs_sendfile(l, req, r->fd, r->source, r->off, r->len, on_fs);
  case UV_FS_STAT: return uv_fs_stat(l, req, path, on_fs);
  case UV_FS_LSTAT: return uv_fs_lstat(l, req, path, on_fs);
  case UV_FS_FSTAT: return uv_fs_fstat(l, req, r->fd, on_fs);
  case UV_FS_FTRUNCATE: return uv_fs_ftruncate(l, req, r->fd, (int64_t)r->len, on_fs);
  case UV_FS_UTIME: return uv_fs_utime(l, req, path, r->atime, r->mtime, on_fs);
  case UV_FS_FUTIME: return uv_fs_futime(l, req, r->fd, r->atime, r->mtime, on_fs);
  case UV_FS_LUTIME: return uv_fs_lutime(l, req, path, r->atime, r->mtime, on_fs);
  case UV_FS_ACCESS: return uv_fs_access(l, req, path, r->flags, on_fs);
  case UV_FS_CHMOD: return uv_fs_chmod(l, req, path, r->mode, on_fs);
  case UV_FS_FCHMOD: return uv_fs_fchmod(l, req, r->fd, r->mode, on_fs);
  case UV_FS_FSYNC: return uv_fs_fsync(l, req, r->fd, on_fs);
  case UV_FS_FDATASYNC: return uv_fs_fdatasync(l, req, r->fd, on_fs);
  case UV_FS_UNLINK: return uv_fs_unlink(l, req, path, on_fs);
  case UV_FS_RMDIR: return uv_fs_rmdir(l, req, path, on_fs);
  case UV_FS_MKDIR: return uv_fs_mkdir(l, req, path, r->mode, on_fs);
  case UV_FS_MKDTEMP: return uv_fs_mkdtemp(l, req, path, on_fs);
  case UV_FS_MKSTEMP: return uv_fs_mkstemp(l, req, path, on_fs);
  case UV_FS_RENAME: return uv_fs_rename(l, req, path, new_path, on_fs);
  case UV_FS_SCANDIR: return uv_fs_scandir(l, req, path, r->flags, on_fs);
  case UV_FS_LINK: return uv_fs_link(l, req, path, new_path, on_fs);
  case UV_FS_SYMLINK: return uv_fs_symlink(l, req, path, new_path, r->flags, on_fs);
  case UV_FS_READLINK: return uv_fs_readlink(l, req, path, on_fs);
  case UV_FS_REALPATH: return uv_fs_realpath(l, req, path, on_fs);
  case UV_FS_CHOWN: return uv_fs_chown(l, req, path, r->uid, r->gid, on_fs);
  case UV_FS_FCHOWN: return uv_fs_fchown(l, req, r->fd, r->uid, r->gid, on_fs);
  case UV_FS_LCHOWN: return uv_fs_lchown(l, req, path, r->uid, r->gid, on_fs);
  case UV_FS_COPYFILE: return cuv_fs_copyfile(l, r, path, new_path, on_fs);
  case UV_FS_STATFS: return uv_fs_statfs(l, req, path, on_fs);
  case UV_FS_OPENDIR: return uv_fs_opendir(l, req, path, on_fs);
  case UV_FS_READDIR: {
    int err = cuv_dir_prepare(r->dir, r->entries);
    return err < 0 ? err : uv_fs_readdir(l, req, r->dir, on_fs);
  }
  case UV_FS_CLOSEDIR:
    r->dirents = r->dir->dirents; /* the pool's thread frees the rest */
    return uv_fs_closedir(l, req, r->dir, on_fs);
  default: return UV_EINVAL;
  }
}

/* Starts the operation. Submissions stay where they are: files have nothing to
 * do with them. Strings are copied; what bufs, n uv_buf_t, point to is lent. */
int cuv_fs_start(cuv_loop *l, cuv_fs_req *r, const char *path, const char *new_path, const uintptr_t *bufs, unsigned n) {
  memset(&r->req, 0, sizeof r->req); /* for a clean-up before libuv's own init */
  r->result = 0;
  r->data = NULL;
  r->size = 0;
  r->held = 0;
  r->dirents = NULL;
  int entered = cuv_pool_enter();
  int rc = dispatch(&l->uv, r, path, new_path, (const uv_buf_t *)bufs, n);
  cuv_pool_leave(entered);
  if (rc < 0) {
    uv_fs_req_cleanup(&r->req);
    return rc;
  }
  r->state = CUV_FS_STARTED;
  l->ring.stale = 1;
  cuv_kick(l); /* there is work for which the host must run */
  return 0;
}

/* Takes the operation out of the pool's queue. UV_EBUSY if it runs, is done, or has been
 * taken out before. closedir is never taken out: libuv's clean-up would free the
 * directory's memory without closing its descriptor. */
int cuv_fs_cancel(cuv_fs_req *r) {
  if (r->state != CUV_FS_STARTED || r->type == UV_FS_CLOSEDIR) return UV_EBUSY;
  int rc = uv_cancel((uv_req_t *)&r->req);
  if (rc == 0) r->state = CUV_FS_CANCELED;
  return rc;
}
