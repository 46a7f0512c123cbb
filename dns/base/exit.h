/* dns/base/exit.h - what the program ends with. */
#ifndef DNS_BASE_EXIT_H
#define DNS_BASE_EXIT_H

enum { STATUS_GOOD = 0, STATUS_FAILED = 1, STATUS_WRONG = 2 };

#endif
