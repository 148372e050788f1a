/* vdso.c: has Go read shim.c's wall clock, too.
 *
 * Go's runtime asks the kernel's vDSO for the time, past the C library. So the first
 * instructions of the vDSO's clock_gettime become a jump to the shim's; the C library's own
 * calls come the same way. Where that cannot be done, the clock of Go is not stepped. */
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
static const char name[] = "__vdso_clock_gettime";
static const unsigned char jump[] = {0x48, 0xb8}, behind[] = {0xff, 0xe0}; /* mov $to, %rax; jmp *%rax */
#elif defined(__aarch64__)
static const char name[] = "__kernel_clock_gettime";
static const unsigned char jump[] = {0x50, 0, 0, 0x58, 0, 2, 0x1f, 0xd6}, behind[] = {0}; /* ldr x16, .+8; br x16 */
#else
static const char name[] = "";
static const unsigned char jump[] = {0}, behind[] = {0};
#endif

/* How long the vDSO is, in whole pages: the kernel protects all of it or nothing. */
static size_t length(const ElfW(Ehdr) *vdso) {
  const ElfW(Phdr) *part = (const void *)((const char *)vdso + vdso->e_phoff);
  size_t end = 0, page = (size_t)getpagesize();
  for (int i = 0; i < vdso->e_phnum; i++) {
    if (part[i].p_type == PT_LOAD && part[i].p_offset + part[i].p_memsz > end) end = part[i].p_offset + part[i].p_memsz;
  }
  return (end + page - 1) & ~(page - 1);
}

/* Makes the vDSO's clock_gettime call to; 0 if that cannot be done. */
int vdso_patch(int (*to)(clockid_t, struct timespec *)) {
  void *vdso = (void *)getauxval(AT_SYSINFO_EHDR), *lib = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
  unsigned char *at = vdso == NULL || lib == NULL ? NULL : dlsym(lib, name);
  if (at == NULL || mprotect(vdso, length(vdso), PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return 0; /* or it is sealed */
  memcpy(at, jump, sizeof jump);
  memcpy(at + sizeof jump, &to, sizeof to);
  memcpy(at + sizeof jump + sizeof to, behind, sizeof behind);
  __builtin___clear_cache((char *)at, (char *)at + 32);
  return mprotect(vdso, length(vdso), PROT_READ | PROT_EXEC) == 0;
}
