#error "only Linux has <sys/sendfile.h>"
