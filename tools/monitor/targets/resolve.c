#include "tools/monitor/targets/resolve.h"

#include "dns/base/log.h"
#include "dns/base/threads.h"
#include "geo/mirror.h"
#include "geo/special.h"
#include "tools/monitor/targets/target.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { AT_ONCE = 4 }; /* as many as libuv has threads for */

struct name {
	struct resolve *resolve;
	char *host;
	struct address addresses[RESOLVE_ADDRESSES_MAX];
	size_t count;
	bool wanted, asked; /* to be asked for; it is being asked for */
	bool failed, many, dropped; /* the last time: said once */
	bool gone; /* no list has it any more; ends with its answer */
	uv_getaddrinfo_t request;
};

struct resolve {
	uv_loop_t *loop;
	resolve_done *done;
	void *owner;
	struct name **names;
	size_t count, asked;
	bool allow_private, ended;
};

struct resolve *resolve_new(uv_loop_t *loop, bool allow_private, resolve_done *done, void *owner)
{
	struct resolve *resolve = calloc(1, sizeof(*resolve));
	if (resolve)
		*resolve = (struct resolve){
			.loop = loop, .allow_private = allow_private, .done = done, .owner = owner};
	return resolve;
}

static void name_free(struct name *name)
{
	free(name->host);
	free(name);
}

static void resolve_release(struct resolve *resolve)
{
	if (!resolve->ended || resolve->asked)
		return;
	free(resolve->names);
	free(resolve);
}

/* May it be asked at all? */
static bool is_allowed(const struct resolve *resolve, const struct address *address)
{
	return resolve->allow_private || special_find(address)->kind == SPECIAL_GLOBAL;
}

static void dropped_say(const struct name *name, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	log_line(LOG_LEVEL_WARNING,
		"Host name resolves to %s, not checked because allow-private is off "
		"host=%s address=%s",
		special_find(address)->name, name->host, address_write(address, text));
}

/* Nothing of an address that no host may have, and of one that is there already. True: it was
 * dropped. */
static bool address_take(struct name *name, const struct addrinfo *found)
{
	struct address address = {.ipv6 = found->ai_family == AF_INET6};
	if (found->ai_family == AF_INET)
		memcpy(address.octets, &((struct sockaddr_in *)found->ai_addr)->sin_addr, 4);
	else if (found->ai_family == AF_INET6)
		memcpy(address.octets, &((struct sockaddr_in6 *)found->ai_addr)->sin6_addr, 16);
	if (!is_allowed(name->resolve, &address)) {
		if (!name->dropped)
			dropped_say(name, &address);
		return name->dropped = true;
	}
	if (mirror_address_fault(&address))
		return false;
	for (size_t i = 0; i < name->count; i++)
		if (address_compare(&name->addresses[i], &address) == 0)
			return false;
	name->addresses[name->count++] = address;
	return false;
}

static void addresses_take(struct name *name, const struct addrinfo *found)
{
	struct address before[RESOLVE_ADDRESSES_MAX];
	size_t count = name->count;
	bool dropped = false;
	memcpy(before, name->addresses, sizeof(before));
	name->count = 0;
	memset(name->addresses, 0, sizeof(name->addresses));
	for (; found && name->count < RESOLVE_ADDRESSES_MAX; found = found->ai_next)
		dropped |= address_take(name, found);
	name->dropped = dropped;
	if (found && !name->many)
		log_line(LOG_LEVEL_WARNING,
			"Host name has too many addresses, only some are checked host=%s max=%d",
			name->host, RESOLVE_ADDRESSES_MAX);
	name->many = found != NULL;
	if (name->count == 0) { /* nothing of use: what was known stays */
		memcpy(name->addresses, before, sizeof(before));
		name->count = count;
	}
	qsort(name->addresses, name->count, sizeof(name->addresses[0]), address_compare);
}

static void ask_next(struct resolve *resolve);

static void answered(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct name *name = request->data;
	struct resolve *resolve = name->resolve;
	name->asked = false;
	resolve->asked--;
	if (status == 0 && !name->gone)
		addresses_take(name, found);
	else if (!name->gone && !name->failed)
		log_line(LOG_LEVEL_WARNING,
			"Host name cannot be resolved, its last known addresses stay in use "
			"host=%s why=%s addresses=%zu",
			name->host, uv_strerror(status), name->count);
	name->failed = status != 0;
	uv_freeaddrinfo(found);
	if (name->gone)
		name_free(name);
	if (resolve->ended)
		resolve_release(resolve);
	else
		ask_next(resolve);
}

static bool name_ask(struct name *name)
{
	static const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	name->wanted = false;
	name->request.data = name;
	name->asked = uv_getaddrinfo(name->resolve->loop, &name->request, answered, name->host,
			      NULL, &hints) == 0;
	name->resolve->asked += name->asked;
	return name->asked;
}

/* Asks for as many as may be asked at once; tells the owner when there are no more. */
static void ask_next(struct resolve *resolve)
{
	for (size_t i = 0; i < resolve->count && resolve->asked < AT_ONCE; i++)
		if (resolve->names[i]->wanted)
			name_ask(resolve->names[i]);
	if (resolve->asked == 0)
		resolve->done(resolve->owner);
}

bool resolve_busy(const struct resolve *resolve)
{
	return resolve->asked > 0;
}

/* Nobody can be asked; the next round tries again. */
static void names_miss(struct resolve *resolve, const char *why)
{
	for (size_t i = 0; i < resolve->count; i++)
		resolve->names[i]->wanted = false;
	log_line(LOG_LEVEL_WARNING,
		"No host name can be resolved, last known addresses stay in use: %s", why);
}

void resolve_ask(struct resolve *resolve)
{
	char why[256];
	for (size_t i = 0; i < resolve->count; i++)
		resolve->names[i]->wanted = !resolve->names[i]->asked;
	if (!resolve->count)
		return;
	if (!threads_ready(why, sizeof(why)))
		names_miss(resolve, why);
	ask_next(resolve);
}

static struct name *name_find(const struct resolve *resolve, const char *host)
{
	for (size_t i = 0; i < resolve->count; i++)
		if (strcasecmp(resolve->names[i]->host, host) == 0)
			return resolve->names[i];
	return NULL;
}

static struct name *name_new(struct resolve *resolve, const char *host)
{
	struct name *name = calloc(1, sizeof(*name));
	if (name)
		name->host = strdup(host);
	if (!name || !name->host) {
		free(name);
		return NULL;
	}
	name->resolve = resolve;
	return name;
}

static void name_drop(struct name *name)
{
	name->gone = true;
	if (!name->asked)
		name_free(name);
	else
		uv_cancel((uv_req_t *)&name->request);
}

bool resolve_set(struct resolve *resolve, const struct mirror_list *mirror_list)
{
	struct name **names = calloc(mirror_list->count + 1, sizeof(struct name *));
	size_t count = 0;
	for (size_t i = 0; names && i < mirror_list->count; i++) {
		if (mirror_list->list[i].address_count)
			continue;
		struct name *name = name_find(resolve, mirror_list->list[i].host);
		if (!name)
			name = name_new(resolve, mirror_list->list[i].host);
		if (name)
			names[count++] = name;
	}
	for (size_t i = 0; names && i < resolve->count; i++) {
		bool kept = false;
		for (size_t k = 0; !kept && k < count; k++)
			kept = names[k] == resolve->names[i];
		if (!kept)
			name_drop(resolve->names[i]);
	}
	if (!names)
		return false;
	free(resolve->names);
	resolve->names = names;
	resolve->count = count;
	return true;
}

void resolve_remember(struct resolve *resolve, const char *host, const struct address *address)
{
	struct name *name = name_find(resolve, host);
	if (name && name->count < RESOLVE_ADDRESSES_MAX && is_allowed(resolve, address))
		name->addresses[name->count++] = *address;
}

const struct address *resolve_find(const struct resolve *resolve, const char *host, size_t *count)
{
	const struct name *name = name_find(resolve, host);
	*count = name ? name->count : 0;
	return name ? name->addresses : NULL;
}

void resolve_free(struct resolve *resolve)
{
	if (!resolve)
		return;
	for (size_t i = 0; i < resolve->count; i++)
		name_drop(resolve->names[i]);
	resolve->count = 0;
	resolve->ended = true;
	resolve_release(resolve);
}
