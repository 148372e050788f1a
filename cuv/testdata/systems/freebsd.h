/* freebsd.h: glibc as FreeBSD sees it. */
#include "bsd.h"

/* What it has and glibc has not. */
#define SO_NOSIGPIPE 0x800
#define _SIG_MAXSIG 128
