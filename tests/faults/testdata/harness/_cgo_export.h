/* _cgo_export.h: in place of cgo's: what cuv calls of Go. */
#include <stdint.h>

void cuvOutside(uint32_t id);
int cuvStuck(void *list, int n);
int cuvHostTurn(uint32_t id);
