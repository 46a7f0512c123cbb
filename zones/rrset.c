#include "zones/rrset.h"

#include <string.h>

enum { STRING_MAX = 255 };

static uint8_t *u16_write(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return out + 2;
}

size_t record_write(
	uint8_t *out, uint16_t type, uint32_t ttl, const uint8_t *rdata, uint16_t rdata_size)
{
	out = u16_write(out, RRSET_OWNER);
	out = u16_write(out, type);
	out = u16_write(out, CLASS_IN);
	out = u16_write(out, ttl >> 16);
	out = u16_write(out, ttl & 0xFFFF);
	out = u16_write(out, rdata_size);
	if (rdata_size)
		memcpy(out, rdata, rdata_size);
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
