/* direntry.c: directory entries on their way to Go: packed into one piece of
 * memory, as a byte with the uv_dirent_type_t, the name and a NUL each. */
#include <string.h>

#include "fs.h"

/* Makes room for n entries of the next uv_fs_readdir. */
int cuv_dir_prepare(uv_dir_t *dir, size_t n) {
  if (n > dir->nentries || dir->dirents == NULL) {
    uv_dirent_t *d = cuv_realloc(dir->dirents, n * sizeof *d);
    if (d == NULL) return UV_ENOMEM;
    dir->dirents = d;
  }
  dir->nentries = n;
  return 0;
}

/* Appends one entry, which may move the memory. */
static int append(cuv_fs_req *r, size_t *cap, const uv_dirent_t *e) {
  size_t n = strlen(e->name) + 1;
  if (r->size + 1 + n > *cap) {
    size_t more = (*cap + n) * 2;
    char *p = cuv_realloc(r->data, more);
    if (p == NULL) return UV_ENOMEM;
    r->data = p;
    *cap = more;
  }
  r->data[r->size] = (char)e->type;
  memcpy(r->data + r->size + 1, e->name, n);
  r->size += 1 + n;
  return 0;
}

/* Packs what uv_fs_scandir or uv_fs_readdir found. libuv frees its own copy in
 * uv_fs_req_cleanup, wherever this stops. */
int cuv_dir_pack(cuv_fs_req *r) {
  size_t cap = 1024;
  int err = 0;
  r->data = cuv_malloc(cap);
  if (r->data == NULL) return UV_ENOMEM;
  if (r->type == UV_FS_READDIR) {
    for (int64_t i = 0; i < r->result && err == 0; i++) err = append(r, &cap, &r->dir->dirents[i]);
  } else {
    uv_dirent_t e;
    while (err == 0 && (err = uv_fs_scandir_next(&r->req, &e)) == 0) err = append(r, &cap, &e);
    if (err == UV_EOF) err = 0;
  }
  return err;
}

/* uv_fs_closedir in the calling thread, without a loop. */
void cuv_dir_close(uv_dir_t *dir) {
  uv_fs_t req;
  cuv_free(dir->dirents);
  uv_fs_closedir(NULL, &req, dir, NULL); /* has nothing to fail at */
  uv_fs_req_cleanup(&req);
}
