/* What cgo writes: the functions that Go exports to C. */
extern void cuvOutside(unsigned int id);
