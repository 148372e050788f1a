/* main.c: runs each scenario with all of its memory, and then with one allocation after
 * another that fails: that one alone, and with all behind it. Each run is a process. It
 * tells, a line each, how many ended by an error, and where one was aborted.
 *
 *   harness [SCENARIO...]
 *
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

enum { exit_clean = 0, exit_errors = 10, exit_unhit = 11, exit_aborted = 12 };

static const struct {
  const char *name;
  void (*run)(void);
} scenarios[] = {
    {"loop", scenario_loop},   {"tcp", scenario_tcp},         {"queue", scenario_queue}, {"pipe", scenario_pipe},
    {"udp", scenario_udp},     {"files", scenario_files},     {"watch", scenario_watch}, {"lookups", scenario_lookups},
    {"spawn", scenario_spawn}, {"signal", scenario_signal},   {"many", scenario_many},
};

void cuvOutside(uint32_t id) { (void)id; }
int cuvStuck(void *list, int n) { return (void)list, (void)n, 1; }
int cuvHostTurn(uint32_t id) { return (void)id, 0; }

/* Where cuv or libuv gives up; the caller of the program finds the function's name. */
void __wrap_abort(void) {
  printf("abort %p\n", (void *)((char *)__builtin_return_address(0) - 1)); /* the call, not what follows it */
  fflush(stdout);
  _exit(exit_aborted);
}

static int descriptors(void) {
  int n = 0;
  DIR *d = opendir("/proc/self/fd");
  while (d != NULL && readdir(d) != NULL) n++;
  if (d != NULL) closedir(d);
  return n;
}

/* One run, in a process of its own. */
static void child(void (*run)(void), long n, int onwards) {
  alarm(20); /* nothing here waits that long: a run that hangs is wrong */
  int fds = descriptors();
  alloc_fail(n, onwards);
  int opened = world_open();
  if (opened) run();
  if (opened) world_close();
  alloc_fail(0, 0);
  uv_library_shutdown();
  if (n != 0 && alloc_failed() == 0) _exit(exit_unhit);
  if (alloc_live() != 0) fail("%ld pieces of memory are left", alloc_live());
  if (descriptors() > fds + 1) fail("%d descriptors before, %d after", fds, descriptors()); /* libuv's signal pipe may stay */
  if (n == 0 && w.errors != 0) fail("%d errors without a fault", w.errors);
  exit(w.errors != 0 ? exit_errors : exit_clean); /* exit, not _exit: tools report at exit */
}

static int forked(void (*run)(void), long n, int onwards) {
  fflush(NULL);
  pid_t pid = fork();
  if (pid < 0) fail("fork fails");
  if (pid == 0) child(run, n, onwards);
  int status;
  if (waitpid(pid, &status, 0) != pid) fail("waitpid fails");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* All runs of a scenario; returns how many were wrong. */
static int sweep(const char *name, void (*run)(void)) {
  int bad = 0, got = forked(run, 0, 0);
  if (got != exit_clean) {
    printf("FAIL %s without a fault: %d\n", name, got);
    return 1;
  }
  for (int onwards = 0; onwards < 2; onwards++) {
    long n = 1, errors = 0, clean = 0, aborted = 0;
    for (; (got = forked(run, n, onwards)) != exit_unhit; n++) {
      errors += got == exit_errors;
      clean += got == exit_clean;
      aborted += got == exit_aborted;
      if (got == exit_errors || got == exit_clean || got == exit_aborted) continue;
      printf("FAIL %s, allocation %ld%s: %d\n", name, n, onwards ? " and all behind it" : "", got);
      bad++;
    }
    printf("%-8s %4ld allocations fail%s: %ld errors, %ld without one, %ld aborts\n", name, n - 1,
           onwards ? " with all behind" : " alone", errors, clean, aborted);
    if (n == 1) bad++;
  }
  return bad;
}

int main(int argc, char **argv) {
  int bad = 0;
  signal(SIGPIPE, SIG_IGN); /* as Go does */
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    int chosen = argc < 2;
    for (int k = 1; k < argc; k++) chosen |= strcmp(argv[k], scenarios[i].name) == 0;
    if (chosen) bad += sweep(scenarios[i].name, scenarios[i].run);
  }
  return bad != 0;
}
