#error "only Linux has <sys/inotify.h>"
