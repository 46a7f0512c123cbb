#include "dns/ping.h"

#include "dns/wire.h"

enum {
	OCTETS = 4, /* labels of a dotted address */
	SHAPE = 5, /* labels before the address */
	LABELS_MAX = SHAPE + OCTETS,
	HEX_IPV4 = 8,
	HEX_IPV6 = 32,
	KEY_SIZE = 16,
	KEY_IPV4 = 12, /* where an IPv4 address is in its key */
};

/* Decimal digits alone, at most `digits` of them. */
static bool number_read(const uint8_t *label, unsigned digits, uint32_t *number)
{
	unsigned size = *label;
	uint32_t value = 0;
	if (size > digits)
		return false;
	for (const uint8_t *at = label + 1; at <= label + size; at++) {
		unsigned digit = *at - (unsigned)'0';
		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

/* 0 to 255, in one to three digits. */
static bool octet_read(const uint8_t *label, uint8_t *octet)
{
	unsigned value = 0, bad = *label - 1U > 2;
	for (unsigned i = 1, size = bad ? 0 : *label; i <= size; i++) {
		unsigned digit = label[i] - (unsigned)'0';
		bad |= digit > 9;
		value = value * 10 + digit;
	}
	*octet = (uint8_t)value;
	return !bad && value <= UINT8_MAX;
}

/* 0 or 1 */
static bool flag_read(const uint8_t *label, uint32_t *flag)
{
	*flag = label[1] - (unsigned)'0';
	return label[0] == 1 && *flag <= 1;
}

static bool db_read(const uint8_t *label, uint8_t text[PING_DB_MAX])
{
	unsigned size = *label;
	if (size > PING_DB_MAX)
		return false;
	for (unsigned i = 0; i < size; i++) {
		unsigned octet = label[i + 1], low = octet | 0x20; /* digits have that bit */
		if (low - 'a' >= 26 && octet - '0' >= 10)
			return false;
		text[i] = (uint8_t)low;
	}
	return true;
}

/* Eight hexadecimal digits to four octets, all at once. No carry leaves its octet: only seven bits are added to. */
static bool hex_read(const uint8_t *digits, uint8_t octets[4])
{
	const uint64_t each = 0x0101010101010101, top = 0x80 * each;
	uint64_t chunk = wire_u64(digits), low = chunk | 0x20 * each;
	uint64_t digit = (chunk + (0x80 - '0') * each) & ~(chunk + (0x7F - '9') * each);
	uint64_t letter = (low + (0x80 - 'a') * each) & ~(low + (0x7F - 'f') * each);
	if (chunk & top || ((digit | letter) & top) != top)
		return false;
	uint64_t value = (chunk & 0x0F * each) + 9 * (chunk >> 6 & each);
	value = (value | value >> 4) & 0x00FF00FF00FF00FF;
	value = (value | value >> 8) & 0x0000FFFF0000FFFF;
	wire_set16(octets, value >> 32 & 0xFFFF);
	wire_set16(octets + 2, value & 0xFFFF);
	return true;
}

/* The address at the end of `count` labels, behind labels[*left]; of a dotted one maybe the last labels alone. */
static bool mirror_read(
	const uint8_t *const *labels, unsigned count, uint8_t key[KEY_SIZE], unsigned *left)
{
	unsigned size = *labels[count - 1];
	*left = count - 1;
	if (size == HEX_IPV6) {
		bool good = true;
		for (unsigned i = 0; i < KEY_SIZE / 4; i++)
			good &= hex_read(labels[count - 1] + 1 + i * 8, key + i * 4);
		return good;
	}
	key[KEY_IPV4 - 2] = key[KEY_IPV4 - 1] = 0xFF; /* ::ffff:0:0/96 */
	if (size == HEX_IPV4)
		return hex_read(labels[count - 1] + 1, key + KEY_IPV4);
	*left = count > OCTETS ? count - OCTETS : 0;
	for (unsigned i = *left; i < count; i++) {
		if (!octet_read(labels[i], &key[KEY_IPV4 + i - *left]))
			return false;
	}
	return true;
}

/* The labels before the address, from its side; `left` of them are there. */
static enum ping_word shape_read(const uint8_t *const *labels, unsigned left, struct ping *ping)
{
	uint32_t win, ok, flevel, version;
	uint8_t release[KEY_SIZE] = {0};
	if (left == 0)
		return PING_PART;
	if (!flag_read(labels[--left], &win))
		return PING_MALFORMED;
	if (left == 0)
		return PING_PART;
	if (!flag_read(labels[--left], &ok))
		return PING_MALFORMED;
	if (left == 0)
		return PING_PART;
	if (!number_read(labels[--left], PING_FLEVEL_DIGITS, &flevel))
		return PING_MALFORMED;
	if (left == 0)
		return PING_PART;
	if (!number_read(labels[--left], PING_VERSION_DIGITS, &version))
		return PING_MALFORMED;
	if (left == 0)
		return PING_PART;
	if (left > 1 || !db_read(labels[0], release))
		return PING_MALFORMED;
	wire_set16(release + PING_DB_MAX, version >> 16);
	wire_set16(release + PING_DB_MAX + 2, version & 0xFFFF);
	memcpy(ping->release, release, KEY_SIZE);
	ping->flevel = (uint16_t)flevel;
	ping->failed = !ok;
	return PING_GOOD;
}

/* Reads the labels from `wire` up to `end`, where the ping name begins. */
static enum ping_word labels_read(struct ping *ping, const uint8_t *wire, const uint8_t *end)
{
	const uint8_t *labels[LABELS_MAX];
	uint8_t mirror[KEY_SIZE] = {0};
	unsigned count = 0, left;
	for (; wire < end; wire += *wire + 1) {
		if (count < LABELS_MAX)
			labels[count] = wire;
		count++;
	}
	if (wire != end) /* the ping name's octets stand within a label */
		return PING_NONE;
	if (count > LABELS_MAX || !mirror_read(labels, count, mirror, &left))
		return PING_MALFORMED;
	memcpy(ping->mirror, mirror, KEY_SIZE);
	return shape_read(labels, left, ping);
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

enum ping_word ping_find(const struct snapshot_zone *zone, const struct name_key *key,
	struct ping *ping, const struct snapshot_ping **at)
{
	for (size_t i = 0; i < zone->ping_count; i++) {
		const struct snapshot_ping *own = &zone->pings[i];
		const uint8_t *end = key->wire + key->size - own->size;
		if (key->size <= own->size || !suffix_is(end, own->wire, own->size))
			continue;
		*at = own;
		enum ping_word word = labels_read(ping, key->wire, end);
		if (word != PING_NONE)
			return word;
	}
	return PING_NONE;
}
