/* Loads a Go library and prints whether its signal handlers use the alternate
 * stack. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>

static int on_stack(int sig) {
  struct sigaction a;
  sigaction(sig, NULL, &a);
  return a.sa_handler == SIG_DFL || (a.sa_flags & SA_ONSTACK) != 0;
}

int main(int argc, char **argv) {
  void *lib = argc == 2 ? dlopen(argv[1], RTLD_NOW) : NULL;
  void (*watch)(void) = lib == NULL ? NULL : (void (*)(void))dlsym(lib, "Watch");
  if (watch == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  watch();
  printf("alternate stack: %d %d\n", on_stack(SIGUSR1), on_stack(SIGCHLD));
  return 0;
}
