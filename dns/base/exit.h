/* dns/base/exit.h - what a program ends with: good; tried, and failed; asked wrongly. */
#ifndef DNS_BASE_EXIT_H
#define DNS_BASE_EXIT_H

enum exit_status { STATUS_GOOD = 0, STATUS_FAILED = 1, STATUS_WRONG = 2 };

#endif
