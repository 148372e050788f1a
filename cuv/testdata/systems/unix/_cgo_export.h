/* What cgo writes: the functions that Go exports to C. */
extern void cuvOutside(unsigned int id);
struct cuv_stuck;
extern int cuvStuck(struct cuv_stuck *list, int n);
