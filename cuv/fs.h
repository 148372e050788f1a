/* fs.h: file operations. One struct and one callback serve all of them. */
#ifndef CUV_FS_H
#define CUV_FS_H

#include "cuv.h"

/* A file operation. Go writes the first part before cuv_fs_start and reads the
 * second after the completion, without crossing; it mirrors both (FSRequest in
 * fs.go). From the start to the completion C owns it. */
typedef struct cuv_fs_req {
  uint32_t slot;
  uint32_t gen;
  int32_t type; /* uv_fs_type */
  int32_t fd;
  int32_t flags;    /* of open, access, copyfile, symlink, scandir */
  int32_t mode;
  uint32_t uid;
  uint32_t gid;
  int32_t source;   /* sendfile: the descriptor to read */
  uint32_t entries; /* readdir: how many at most */
  int64_t off;      /* read, write, sendfile: where; -1: at the file's position */
  uint64_t len;     /* bytes: how many sendfile sends at most, how many ftruncate leaves */
  double atime;
  double mtime;
  uv_dir_t *dir;

  int64_t result; /* libuv's: a count, a descriptor, 0 or an error */
  char *data;     /* what the operation found: a uv_stat_t, a uv_statfs_t, a string, entries */
  uint64_t size;  /* bytes of strings and entries */
  uint32_t held;  /* data lives until cuv_fs_release */
  uint32_t state; /* cuv_fs_state */
  struct cuv_fs_req *next; /* Go: the next one that is free */

  uv_dirent_t *dirents; /* closedir: what readdir used */
  char *paths;          /* copyfile: the two paths, until it has ended */
  union {
    uv_fs_t req;
    uv_work_t work; /* copyfile.c */
  };
} cuv_fs_req;

enum cuv_fs_state { CUV_FS_IDLE, CUV_FS_STARTED, CUV_FS_CANCELED, CUV_FS_DONE };

/* Since libuv 1.51 a time can be left alone, and can be the moment in which it is set. */
#ifdef UV_FS_UTIME_OMIT
enum { cuv_fs_can_omit = 1 };
static inline double cuv_fs_time_omit(void) { return UV_FS_UTIME_OMIT; }
static inline double cuv_fs_time_now(void) { return UV_FS_UTIME_NOW; }
#else
enum { cuv_fs_can_omit = 0 };
static inline double cuv_fs_time_omit(void) { return 0; }
static inline double cuv_fs_time_now(void) { return 0; }
#endif

#if UV_VERSION_HEX >= 0x013400
_Static_assert(offsetof(uv_statfs_t, f_frsize) == offsetof(uv_statfs_t, f_ffree) + sizeof(uint64_t), "Go reads it there");
#endif

/* fs.c */
void cuv_fs_no_uring(void);
cuv_fs_req *cuv_fs_new(void);
int cuv_fs_start(cuv_loop *l, cuv_fs_req *r, const char *path, const char *new_path, const uintptr_t *bufs, unsigned n);
int cuv_fs_cancel(cuv_fs_req *r);
void cuv_fs_release(cuv_fs_req *r);
void cuv_fs_free(cuv_fs_req *r);

/* copyfile.c */
int cuv_fs_copyfile(uv_loop_t *l, cuv_fs_req *r, const char *path, const char *new_path, uv_fs_cb cb);

/* direntry.c */
int cuv_dir_prepare(uv_dir_t *dir, size_t n);
int cuv_dir_pack(cuv_fs_req *r);
void cuv_dir_close(uv_dir_t *dir);

#endif
