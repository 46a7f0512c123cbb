#include "dns/query/answer.h"

void answer_error(struct answer *answer, enum rcode rcode)
{
	answer->rcode = rcode;
	answer->authoritative = false;
	answer->overflow = false;
	answer->no_identity = false;
	answer->scope = 0;
	answer->count = 0;
	answer->set = NULL;
	answer->pinged = NULL;
	answer->made_count = 0;
}
