#include "zones/rrset.h"

#include "zones/wire.h"

#include <string.h>

enum { STRING_MAX = 255 };

size_t record_write(
	uint8_t *out, uint16_t type, uint32_t ttl, const uint8_t *rdata, uint16_t rdata_size)
{
	wire_set16(out, RRSET_OWNER);
	wire_set16(out + 2, type);
	wire_set16(out + 4, CLASS_IN);
	wire_set16(out + 6, ttl >> 16);
	wire_set16(out + 8, ttl);
	wire_set16(out + 10, rdata_size);
	if (rdata_size)
		memcpy(out + RECORD_FIXED, rdata, rdata_size);
	return RECORD_FIXED + (size_t)rdata_size;
}

size_t rrset_txt_rdata(uint8_t *out, const char *text, size_t size)
{
	uint8_t *start = out;
	do {
		size_t part = size < STRING_MAX ? size : STRING_MAX;
		*out++ = (uint8_t)part;
		if (part)
			memcpy(out, text, part);
		out += part;
		text += part;
		size -= part;
	} while (size);
	return (size_t)(out - start);
}
