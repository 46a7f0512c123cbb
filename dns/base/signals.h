/* dns/base/signals.h - the signals of a program as if a terminal had started it. */
#ifndef DNS_BASE_SIGNALS_H
#define DNS_BASE_SIGNALS_H

/* Nothing is blocked, and what our programs rely on has its default, whatever the parent
 * had ignored: a script's "&" ignores SIGINT, a careless parent SIGCHLD. SIGHUP stays, which
 * nohup(1) means. */
void signals_restore(void);

#endif
