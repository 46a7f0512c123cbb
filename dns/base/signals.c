#include "dns/base/signals.h"

#include <signal.h>
#include <stddef.h>

void signals_restore(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGCHLD, SIGALRM};
	sigset_t none;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
