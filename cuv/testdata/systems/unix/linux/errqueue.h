#error "only Linux has <linux/errqueue.h>"
