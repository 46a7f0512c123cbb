#include "zones/rule.h"

#include "zones/rrset.h"
#include "zones/wire.h"

#include <ctype.h>
#include <stdlib.h>

static size_t name_taken(const uint8_t *at, size_t left)
{
	struct name_key key;
	size_t size = name_key_parse(&key, at, left);
	return size ? size : left + 1;
}

static size_t tag_taken(const uint8_t *at, size_t left)
{
	for (size_t i = 1; i <= at[0] && i < left; i++)
		if (!isalnum(at[i]))
			return left + 1;
	return at[0] ? 1U + at[0] : left + 1;
}

/* Windows in ascending order, none longer than its last type. */
static bool is_bitmap(const uint8_t *at, size_t left)
{
	for (int last = -1; left; left -= 2U + at[1], last = at[0], at += 2 + at[1])
		if (left < 3 || at[0] <= last || !at[1] || at[1] > 32 || at[1] > left - 2 ||
			!at[1 + at[1]])
			return false;
	return true;
}

static size_t apl_taken(const uint8_t *at, size_t left)
{
	if (left < 4)
		return left + 1;
	unsigned family = wire_u16(at), count = at[3] & 0x7F;
	unsigned bits = family == 1 ? 32 : family == 2 ? 128 : 8 * 0x7F;
	bool good = at[2] <= bits && count <= bits / 8 && count <= left - 4;
	return good && (!count || at[3 + count]) ? 4 + count : left + 1;
}

static size_t loc_taken(const uint8_t *at, size_t left)
{
	enum { SIZE = 16, EQUATOR_DEGREE = 3600000 };
	if (at[0]) /* a version to come */
		return left;
	if (left < SIZE)
		return left + 1;
	for (int i = 1; i <= 3; i++)
		if (at[i] >> 4 > 9 || (at[i] & 15) > 9)
			return left + 1;
	int64_t north = (int64_t)wire_u32(at + 4) - INT32_MAX - 1;
	int64_t east = (int64_t)wire_u32(at + 8) - INT32_MAX - 1;
	bool good = llabs(north) <= 90 * EQUATOR_DEGREE && llabs(east) <= 180 * EQUATOR_DEGREE;
	return good ? SIZE : left + 1;
}

/* A gateway whose kind is in octet 1, behind `head` octets. */
static size_t gateway_taken(const uint8_t *at, size_t left, size_t head)
{
	if (left < head)
		return left + 1;
	switch (head == 2 ? at[1] & 0x7F : at[1]) {
	case 0:
		return head;
	case 1:
		return head + 4;
	case 2:
		return head + 16;
	case 3:
		return head + name_taken(at + head, left - head);
	default: /* of AMTRELAY there may be more */
		return head == 2 ? left : left + 1;
	}
}

size_t rule_size(enum rule_form form, const uint8_t *at, size_t left)
{
	switch (form) {
	case RULE_NAME:
		return name_taken(at, left);
	case RULE_STRING:
		return 1U + at[0];
	case RULE_TAG:
		return tag_taken(at, left);
	case RULE_REST:
	case RULE_TEXT:
		return left;
	case RULE_BITMAP:
		return is_bitmap(at, left) ? left : left + 1;
	case RULE_APL:
		return apl_taken(at, left);
	case RULE_LOC:
		return loc_taken(at, left);
	case RULE_HIP:
		return left < 4 ? left + 1 : 4U + at[0] + wire_u16(at + 2);
	case RULE_IPSECKEY:
		return gateway_taken(at, left, 3) <= left ? left : left + 1;
	case RULE_AMTRELAY:
		return gateway_taken(at, left, 2);
	}
	return (size_t)form;
}

bool rule_check_digest(const struct rdata *rdata, uint16_t type)
{
	enum {
		DS = TYPE_DS,
		SSHFP = 44,
		TLSA = 52,
		SMIMEA = 53,
		CDS = 59,
		ZONEMD = 63,
		DLV = 32769
	};
	static const struct {
		uint16_t type;
		uint8_t at; /* of the octet that says which digest it is, and then the digest */
		uint8_t sizes[7]; /* by that octet; 0: any */
	} rows[] = {
		{DS, 3, {0, 20, 32, 32, 48, 32, 32}},
		{CDS, 3, {0, 20, 32, 32, 48, 32, 32}},
		{DLV, 3, {0, 20, 32, 32, 48, 32, 32}},
		{SSHFP, 1, {0, 20, 32}},
		{TLSA, 2, {0, 32, 64}},
		{SMIMEA, 2, {0, 32, 64}},
		{ZONEMD, 5, {0, 48, 64}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].type != type)
			continue;
		unsigned kind = rdata->octets[rows[i].at];
		size_t found = rdata->size - rows[i].at - 1;
		size_t expected = kind < sizeof rows[i].sizes ? rows[i].sizes[kind] : 0;
		if (expected ? found == expected : type != ZONEMD || found >= 12)
			return true;
		return source_refuse(&rdata->record->place, rdata->why, rdata->why_size,
			"%.20s has a digest of type %u with %zu octet%s, expected %s%zu",
			rdata->record->type, kind, found, found == 1 ? "" : "s",
			expected ? "" : "at least ", expected ? expected : 12);
	}
	return true;
}
