/* guest.h: C of a program that also has uvgo in it. */
int bound(const char *name);
int plain_action(int sig);
int other_actions(void);
int watched_action(void);
int taken_to_default(void);
int reads(void);
int interrupted_read(void);
int syscalls(void);
int many_events(void);
