#include "geo/special.h"

#include <stdio.h>
#include <string.h>

enum { EXAMPLES = 3, LINE_OF_ONE = 400 };

#define GLOBAL    SPECIAL_GLOBAL, "a global address"
#define PRIVATE   SPECIAL_LOCAL, "a private address"
#define LINK      SPECIAL_LOCAL, "a link-local address"
#define LOOPBACK  SPECIAL_LOCAL, "a loopback address"
#define NOWHERE   SPECIAL_LOCAL, "an unspecified address"
#define EXAMPLE   SPECIAL_DOCUMENTATION, "a documentation address"
#define PROTOCOLS SPECIAL_OTHER, "an address reserved for protocols"
#define MULTICAST SPECIAL_OTHER, "a multicast address"
#define CARRIES   SPECIAL_GLOBAL, "" /* the address inside decides */

/* IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190) with all that was in
 * them in November 2025, the last RFC 9780; multicast from RFC 5771 and RFC 4291. What is as the
 * prefix around it is left out. */
static const struct special ipv4_rows[] = {
	{{0}, 0, GLOBAL, 0, 0},
	{{0}, 8, NOWHERE, 0, 0},
	{{10}, 8, PRIVATE, 0, 0},
	{{100, 64}, 10, SPECIAL_OTHER, "a shared address of carrier-grade NAT (RFC 6598)", 0, 0},
	{{127}, 8, LOOPBACK, 0, 0},
	{{169, 254}, 16, LINK, 0, 0},
	{{172, 16}, 12, PRIVATE, 0, 0},
	{{192, 0, 0}, 24, PROTOCOLS, 0, 0},
	{{192, 0, 0, 9}, 32, GLOBAL, 0, 0}, /* RFC 7723 */
	{{192, 0, 0, 10}, 32, GLOBAL, 0, 0}, /* RFC 8155 */
	{{192, 0, 2}, 24, EXAMPLE, 0, 0},
	{{192, 88, 99}, 24, SPECIAL_OTHER, "a deprecated 6to4 relay address", 0, 0},
	{{192, 168}, 16, PRIVATE, 0, 0},
	{{198, 18}, 15, SPECIAL_OTHER, "a benchmarking address", 0, 0},
	{{198, 51, 100}, 24, EXAMPLE, 0, 0},
	{{203, 0, 113}, 24, EXAMPLE, 0, 0},
	{{224}, 4, MULTICAST, 0, 0},
	{{240}, 4, SPECIAL_OTHER, "a reserved address", 0, 0},
};

/* Outside of 2000::/3 nothing is global but what carries an IPv4 address: neither ::/96,
 * 64:ff9b:1::/48, 100::/64, 100:0:0:1::/64 and 5f00::/16, nor what IANA has not given to
 * anybody. */
static const struct special ipv6_rows[] = {
	{{0}, 0, SPECIAL_OTHER, "an address outside 2000::/3 (global unicast)", 0, 0},
	{{0}, 128, NOWHERE, 0, 0},
	{{[15] = 1}, 128, LOOPBACK, 0, 0},
	{{[10] = 0xFF, 0xFF}, 96, CARRIES, 12, 0}, /* mapped */
	{{0x00, 0x64, 0xFF, 0x9B}, 96, CARRIES, 12, 0}, /* NAT64, RFC 6052 */
	{{0x20}, 3, GLOBAL, 0, 0},
	{{0x20, 0x01}, 23, PROTOCOLS, 0, 0},
	{{0x20, 0x01, 0, 0}, 32, CARRIES, 12, 0xFF}, /* Teredo, RFC 4380 4 */
	{{0x20, 0x01, 0, 1, [15] = 1}, 128, GLOBAL, 0, 0}, /* RFC 7723 */
	{{0x20, 0x01, 0, 1, [15] = 2}, 128, GLOBAL, 0, 0}, /* RFC 8155 */
	{{0x20, 0x01, 0, 1, [15] = 3}, 128, GLOBAL, 0, 0}, /* RFC 9665 */
	{{0x20, 0x01, 0, 3}, 32, GLOBAL, 0, 0}, /* RFC 7450 */
	{{0x20, 0x01, 0, 4, 0x01, 0x12}, 48, GLOBAL, 0, 0}, /* RFC 7535 */
	{{0x20, 0x01, 0, 0x20}, 28, GLOBAL, 0, 0}, /* RFC 7343 */
	{{0x20, 0x01, 0, 0x30}, 28, GLOBAL, 0, 0}, /* RFC 9374 */
	{{0x20, 0x01, 0x0D, 0xB8}, 32, EXAMPLE, 0, 0},
	{{0x20, 0x02}, 16, CARRIES, 2, 0}, /* 6to4, RFC 3056 2 */
	{{0x3F, 0xFF}, 20, EXAMPLE, 0, 0},
	{{0xFC}, 7, PRIVATE, 0, 0},
	{{0xFE, 0x80}, 10, LINK, 0, 0},
	{{0xFE, 0xC0}, 10, PRIVATE, 0, 0}, /* site-local, RFC 3879 */
	{{0xFF}, 8, MULTICAST, 0, 0},
};

static const struct special *row_find(
	const uint8_t octets[16], const struct special *rows, size_t count)
{
	const struct special *found = rows; /* everything is in the first */
	for (size_t i = 1; i < count; i++)
		if (rows[i].length > found->length &&
			address_bits_equal(octets, rows[i].first, rows[i].length))
			found = &rows[i];
	return found;
}

const struct special *special_find(const struct address *address)
{
	uint8_t inner[16] = {0};
	const struct special *found = NULL;
	if (address->ipv6)
		found = row_find(
			address->octets, ipv6_rows, sizeof(ipv6_rows) / sizeof(ipv6_rows[0]));
	if (found && !found->inside)
		return found;
	for (size_t i = 0; i < 4; i++)
		inner[i] = found ? address->octets[found->inside + i] ^ found->flip
				 : address->octets[i];
	return row_find(inner, ipv4_rows, sizeof(ipv4_rows) / sizeof(ipv4_rows[0]));
}

size_t special_members(const struct mirrors *mirrors, char *text, size_t size)
{
	size_t count = 0, used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < mirrors->address_count; i++) {
		const struct mirror_address *address = &mirrors->addresses[i];
		const struct mirror *mirror = &mirrors->list[address->mirror];
		const struct special *special = special_find(&address->at);
		char written[ADDRESS_TEXT_MAX];
		if (special->kind != SPECIAL_LOCAL || !mirror_in_service(mirror->state) ||
			count++ >= EXAMPLES || size - used < LINE_OF_ONE)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s (%s) of %s",
			used ? ", " : "", address_write(&address->at, written), special->name,
			mirror->host);
	}
	if (count > EXAMPLES)
		snprintf(text + used, size - used, " and %zu more", count - EXAMPLES);
	return count;
}
