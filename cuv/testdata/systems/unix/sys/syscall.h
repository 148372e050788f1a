#error "only Linux has <sys/syscall.h>"
