/* tests/unit/name_case.h - names that more than one test needs. */
#ifndef TESTS_UNIT_NAME_CASE_H
#define TESTS_UNIT_NAME_CASE_H

#include "zones/name.h"

#include <string.h>

/* A name of `size` octets, 1 or more than 2, in labels as long as may be. */
static inline void name_fill(uint8_t wire[NAME_SIZE_MAX + 64], size_t size)
{
	size_t left = size - 1;
	while (left) {
		size_t label = left > NAME_LABEL_MAX ? NAME_LABEL_MAX : left - 1;
		label -= left - label - 1 == 1; /* one octet is no label */
		*wire++ = (uint8_t)label;
		memset(wire, 'a', label);
		wire += label;
		left -= label + 1;
	}
	*wire = 0;
}

#endif
