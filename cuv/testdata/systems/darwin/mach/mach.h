/* What uv/darwin.h needs of Mach. */
typedef unsigned int semaphore_t;
