/* tools/monitor/status.h - what the program ends with. */
#ifndef TOOLS_MONITOR_STATUS_H
#define TOOLS_MONITOR_STATUS_H

enum { STATUS_GOOD = 0, STATUS_FAILED = 1, STATUS_WRONG = 2 };

#endif
