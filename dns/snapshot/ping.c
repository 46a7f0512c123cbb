#include "dns/snapshot/ping.h"

#include "zones/wire.h"

enum { OCTETS = 4, OCTET_DIGITS = 3, HEX_IPV4 = 8, HEX_IPV6 = 32, CHUNK = 8 };

static const uint64_t each = 0x0101010101010101, tops = 0x8080808080808080;

/* Labels that are not read yet, from `wire` to `end`. They are read from the right, where they
 * stand: what may be in them is no octet that is a length of theirs, so each goes up to its length.
 * Labels that are read so right up to `wire` are those that a reader from the left has met. The
 * first octet is no digit. */
struct labels {
	const uint8_t *wire, *end;
};

/* The top bit of each octet from `first` to `last`. No octet of the chunk has one, so none carries
 * into the next. */
static uint64_t octets_between(uint64_t chunk, unsigned first, unsigned last)
{
	return (chunk + (0x80 - first) * each) & ~(chunk + (0x7F - last) * each) & tops;
}

/* One to `digits` decimal digits. */
static bool number_take(struct labels *labels, unsigned digits, uint32_t *number)
{
	const uint8_t *at = labels->end;
	uint32_t value = 0;
	unsigned digit, power = 1;
	for (; (digit = *--at - (unsigned)'0') <= 9; power *= 10)
		value += digit * power;
	size_t size = (size_t)(labels->end - at) - 1;
	labels->end = at;
	*number = value;
	return *at == size && size - 1 < digits;
}

/* 0 or 1 */
static bool flag_take(struct labels *labels, uint32_t *flag)
{
	if (labels->end - labels->wire < 2)
		return false;
	labels->end -= 2;
	*flag = labels->end[1] - (unsigned)'0';
	return *labels->end == 1 && *flag <= 1;
}

/* One to eight letters and digits, lower-cased, in the number's upper octets. As many as eight are
 * read. */
static bool text_read(const uint8_t *text, unsigned size, uint64_t *lower)
{
	uint64_t kept = ~(uint64_t)0 << (64 - 8 * size), chunk = wire_u64(text) & kept;
	*lower = (chunk | 0x20 * each) & kept; /* digits have that bit */
	uint64_t good = octets_between(chunk, '0', '9') | octets_between(*lower, 'a', 'z');
	return !(chunk & tops) && good == (kept & tops);
}

/* The label that all others follow; behind it are eight octets at least. */
static bool db_take(const struct labels *labels, uint64_t text[2])
{
	unsigned size = *labels->wire;
	text[1] = 0;
	return labels->wire + 1 + size == labels->end && size <= PING_DB_MAX &&
	       text_read(labels->wire + 1, size < CHUNK ? size : CHUNK, &text[0]) &&
	       (size <= CHUNK || text_read(labels->wire + 1 + CHUNK, size - CHUNK, &text[1]));
}

/* Eight hexadecimal digits, all at once. */
static bool hex_read(const uint8_t *digits, uint32_t *number)
{
	uint64_t chunk = wire_u64(digits), low = chunk | 0x20 * each;
	if (chunk & tops ||
		(octets_between(chunk, '0', '9') | octets_between(low, 'a', 'f')) != tops)
		return false;
	uint64_t value = (chunk & 0x0F * each) + 9 * (chunk >> 6 & each);
	value = (value | value >> 4) & 0x00FF00FF00FF00FF;
	value = (value | value >> 8) & 0x0000FFFF0000FFFF;
	*number = (uint32_t)(value | value >> 16);
	return true;
}

/* Decimal labels; of the first ones maybe none are there. */
static bool dotted_take(struct labels *labels, uint32_t *number)
{
	uint32_t octet;
	*number = 0;
	for (unsigned i = 0; i < OCTETS && labels->end > labels->wire; i++) {
		if (!number_take(labels, OCTET_DIGITS, &octet) || octet > UINT8_MAX)
			return false;
		*number |= octet << 8 * i;
	}
	return true;
}

static bool mirror_take(struct labels *labels, uint64_t key[2])
{
	uint32_t numbers[4] = {0, 0, 0xFFFF /* ::ffff:0:0/96 */};
	const uint8_t *end = labels->end;
	size_t left = (size_t)(end - labels->wire);
	bool good = true;
	if (left > HEX_IPV4 && end[-HEX_IPV4 - 1] == HEX_IPV4) {
		labels->end -= HEX_IPV4 + 1;
		good = hex_read(labels->end + 1, &numbers[3]);
	} else if (left > HEX_IPV6 && end[-HEX_IPV6 - 1] == HEX_IPV6) {
		labels->end -= HEX_IPV6 + 1;
		for (unsigned i = 0; i < 4; i++)
			good &= hex_read(labels->end + 1 + i * CHUNK, &numbers[i]);
	} else {
		good = dotted_take(labels, &numbers[3]);
	}
	key[0] = htobe64((uint64_t)numbers[0] << 32 | numbers[1]);
	key[1] = htobe64((uint64_t)numbers[2] << 32 | numbers[3]);
	return good;
}

static enum ping_result labels_read(struct labels *labels, struct ping *ping)
{
	uint32_t win, ok, flevel, version;
	uint64_t db[2];
	if (*labels->wire > HEX_IPV6 || !mirror_take(labels, ping->mirror))
		return PING_MALFORMED;
	if (labels->end == labels->wire)
		return PING_PART;
	if (!flag_take(labels, &win))
		return PING_MALFORMED;
	if (labels->end == labels->wire)
		return PING_PART;
	if (!flag_take(labels, &ok))
		return PING_MALFORMED;
	if (labels->end == labels->wire)
		return PING_PART;
	if (!number_take(labels, PING_FLEVEL_DIGITS, &flevel))
		return PING_MALFORMED;
	if (labels->end == labels->wire)
		return PING_PART;
	if (!number_take(labels, PING_VERSION_DIGITS, &version))
		return PING_MALFORMED;
	if (labels->end == labels->wire)
		return PING_PART;
	if (!db_take(labels, db))
		return PING_MALFORMED;
	ping->release[0] = htobe64(db[0]);
	ping->release[1] = htobe64(db[1] | version);
	ping->flevel = (uint16_t)flevel;
	ping->failed = !ok;
	return PING_GOOD;
}

/* Octets of a name against a lower-case one; most ask in lower case. */
static bool suffix_is(const uint8_t *wire, const uint8_t *lower, size_t size)
{
	if (memcmp(wire, lower, size) == 0)
		return true;
	for (size_t i = 0; i < size; i++)
		if (wire[i] != lower[i] &&
			!(lower[i] >= 'a' && lower[i] <= 'z' && (wire[i] | 0x20) == lower[i]))
			return false;
	return true;
}

/* Else the ping name's octets stand within a label. */
static bool label_ends(const uint8_t *wire, const uint8_t *end)
{
	while (wire < end)
		wire += *wire + 1;
	return wire == end;
}

__attribute__((flatten)) enum ping_result ping_find(const struct snapshot_zone *zone,
	const struct name_key *key, struct ping *ping, const struct snapshot_ping **at)
{
	for (size_t i = 0; i < zone->ping_count; i++) {
		const struct snapshot_ping *own = &zone->pings[i];
		const uint8_t *end = key->wire + key->size - own->size;
		if (key->size <= own->size || !suffix_is(end, own->wire, own->size))
			continue;
		*at = own;
		enum ping_result result = labels_read(&(struct labels){key->wire, end}, ping);
		if (result != PING_MALFORMED || label_ends(key->wire, end))
			return result;
	}
	return PING_NONE;
}
