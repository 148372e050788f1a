/* gcc's stddef.h asks for it; glibc's headers have defined what it would. */
