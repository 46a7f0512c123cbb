#include "dns/load/drain.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool letter_equal(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The last '*' alone is tried again: no pattern takes exponential time. */
bool drain_glob(const char *glob, const char *text)
{
	const char *star = NULL, *after = NULL;
	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			after = text;
		} else if (*glob && (*glob == '?' || letter_equal(*glob, *text))) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++after;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, mask = 0xFF00u >> bits % 8 & 0xFF;
	return memcmp(a, b, whole) == 0 && (!mask || !((a[whole] ^ b[whole]) & mask));
}

bool drain_matches(
	const struct drain *drain, const char *host, const struct mirror_address *address)
{
	char text[INET6_ADDRSTRLEN];
	if (drain->is_network)
		return drain->ipv6 == address->ipv6 &&
		       bits_equal(drain->octets, address->octets, drain->length);
	if (drain_glob(drain->glob, host))
		return true;
	if (!drain->may_be_address)
		return false;
	inet_ntop(address->ipv6 ? AF_INET6 : AF_INET, address->octets, text, sizeof(text));
	return drain_glob(drain->glob, text);
}

uint64_t drain_pairs(const char *text)
{
	uint64_t pairs = 0;
	unsigned before = 0; /* neither end, nor a neighbour of a wildcard's, is known */
	for (bool known = true, more = true; more; text++) {
		unsigned letter = (unsigned)tolower((unsigned char)*text);
		bool wild = letter == '*' || letter == '?';
		if (known && !wild)
			pairs |= UINT64_C(1) << ((before << 8 | letter) * 0x9E3779B1u >> 26);
		known = !wild;
		before = letter;
		more = letter;
	}
	return pairs;
}

/* --- marks --- */

/* Shares everything with the export but the addresses. */
struct marked {
	struct mirrors mirrors;
	struct shared *exported;
	uint32_t taken[DRAINS_MAX]; /* addresses that each of the drains matches */
};

/* Drains in force against one export. Each host is looked at once, and written addresses by those drains alone that may
 * be one: 256 drains of 100,000 mirrors are a build's business, not a matter of seconds. */
struct marking {
	struct marked *marked;
	const struct drain *list;
	/* Numbers of drains, by what they are held against. */
	uint16_t globs[DRAINS_MAX], texts[DRAINS_MAX], networks[DRAINS_MAX];
	uint64_t glob_pairs
		[DRAINS_MAX]; /* beside globs[], side by side: most are looked at for these alone */
	unsigned glob_count, text_count, network_count;
	/* Those that match the host looked at last. */
	uint16_t hosts[DRAINS_MAX];
	unsigned host_count;
	bool of_host[DRAINS_MAX]; /* the same, by number */
	bool any;
};

static void release_marked(void *object)
{
	struct marked *marked = object;
	free(marked->mirrors.addresses);
	shared_release(marked->exported);
	free(marked);
}

static struct marked *marked_new(struct shared *exported)
{
	const struct mirrors *mirrors = shared_get(exported);
	struct marked *marked = calloc(1, sizeof(*marked));
	struct mirror_address *addresses =
		malloc((mirrors->address_count + 1) * sizeof(*addresses));
	if (!marked || !addresses) {
		free(marked);
		free(addresses);
		return NULL;
	}
	memcpy(addresses, mirrors->addresses, mirrors->address_count * sizeof(*addresses));
	marked->mirrors = *mirrors;
	marked->mirrors.addresses = addresses;
	marked->exported = shared_hold(exported);
	return marked;
}

static void drains_sort(struct marking *marking, const struct drains *drains, int64_t now)
{
	marking->list = drains->list;
	for (unsigned i = 0; i < drains->count; i++) {
		const struct drain *drain = &drains->list[i];
		if (drain_is_over(drain, now))
			continue;
		if (drain->is_network) {
			marking->networks[marking->network_count++] = (uint16_t)i;
			continue;
		}
		marking->glob_pairs[marking->glob_count] = drain->pairs;
		marking->globs[marking->glob_count++] = (uint16_t)i;
		if (drain->may_be_address)
			marking->texts[marking->text_count++] = (uint16_t)i;
	}
}

static void host_look(struct marking *marking, const char *host)
{
	uint64_t missing = ~drain_pairs(host);
	for (unsigned i = 0; i < marking->host_count; i++)
		marking->of_host[marking->hosts[i]] = false;
	marking->host_count = 0;
	for (unsigned i = 0; i < marking->glob_count; i++)
		if (!(marking->glob_pairs[i] & missing) &&
			drain_glob(marking->list[marking->globs[i]].glob, host)) {
			marking->of_host[marking->globs[i]] = true;
			marking->hosts[marking->host_count++] = marking->globs[i];
		}
}

static void take(struct marking *marking, struct mirror_address *address, unsigned drain)
{
	marking->marked->taken[drain]++;
	marking->any = address->drained = true;
}

static void address_look(struct marking *marking, struct mirror_address *address)
{
	for (unsigned i = 0; i < marking->host_count; i++)
		take(marking, address, marking->hosts[i]);
	for (unsigned i = 0; i < marking->network_count; i++)
		if (drain_matches(&marking->list[marking->networks[i]], "", address))
			take(marking, address, marking->networks[i]);
	if (!marking->text_count)
		return;
	char text[INET6_ADDRSTRLEN];
	inet_ntop(address->ipv6 ? AF_INET6 : AF_INET, address->octets, text, sizeof(text));
	uint64_t missing = ~drain_pairs(text);
	for (unsigned i = 0; i < marking->text_count; i++) {
		const struct drain *drain = &marking->list[marking->texts[i]];
		if (!marking->of_host[marking->texts[i]] && !(drain->pairs & missing) &&
			drain_glob(drain->glob, text))
			take(marking, address, marking->texts[i]);
	}
}

struct shared *drains_mark(struct shared *exported, const struct drains *drains, int64_t now)
{
	const struct mirrors *mirrors = shared_get(exported);
	if (!mirrors || !drains || !drains->count)
		return shared_hold(exported);
	struct marking marking = {.marked = marked_new(exported)};
	if (!marking.marked)
		return NULL;
	drains_sort(&marking, drains, now);
	uint32_t mirror = UINT32_MAX; /* a mirror's addresses stand together */
	for (size_t i = 0; i < mirrors->address_count; i++) {
		struct mirror_address *address = &marking.marked->mirrors.addresses[i];
		if (address->mirror != mirror)
			host_look(&marking, mirrors->list[address->mirror].host);
		mirror = address->mirror;
		address_look(&marking, address);
	}
	if (marking.any)
		return shared_new(&marking.marked->mirrors, release_marked);
	release_marked(marking.marked);
	return shared_hold(exported);
}

size_t drains_taken(const struct shared *marked, const struct shared *exported, size_t number)
{
	/* `mirrors` is its first member. */
	return marked == exported ? 0 : ((const struct marked *)shared_get(marked))->taken[number];
}
