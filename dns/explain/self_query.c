#include "dns/explain/self_query.h"

#include "zones/wire.h"

#include <stdlib.h>
#include <string.h>

enum {
	QUERY_MAX = HEADER_SIZE + NAME_SIZE_MAX + 4 + 11 + SUBNET_FIXED + SUBNET_OCTETS_MAX,
	UDP_SIZE = 1232, /* of no account: the question is put over TCP */
	OPTION_SUBNET = 8,
	POINTER = 0xC0, /* RFC 1035 4.1.4 */
};

/* A reply while it is read; after a cut-off field nothing more is. */
struct octets {
	const uint8_t *at, *end;
	bool overflow;
};

static const uint8_t *octets_take(struct octets *octets, size_t size)
{
	if (octets->overflow || (size_t)(octets->end - octets->at) < size) {
		octets->overflow = true;
		return NULL;
	}
	octets->at += size;
	return octets->at - size;
}

static unsigned octet_take(struct octets *octets)
{
	const uint8_t *at = octets_take(octets, 1);
	return at ? *at : 0;
}

static uint16_t number_take(struct octets *octets)
{
	const uint8_t *at = octets_take(octets, 2);
	return at ? wire_u16(at) : 0;
}

bool explain_asker_init(struct explain_asker *asker, const struct snapshot *snapshot,
	const struct locate_client *client)
{
	asker->serving = (struct serving){.snapshot = snapshot}; /* nothing is counted */
	asker->serving.turns = calloc(snapshot->turn_count + 1, sizeof(*asker->serving.turns));
	asker->serving.answer = malloc(sizeof(*asker->serving.answer));
	asker->client = client;
	asker->reply = malloc(SERVE_REPLY_MAX);
	if (asker->serving.turns && asker->serving.answer && asker->reply)
		return true;
	explain_asker_free(asker);
	return false;
}

void explain_asker_free(struct explain_asker *asker)
{
	free(asker->serving.turns);
	free(asker->serving.answer);
	free(asker->reply);
}

/* RFC 7871 6. */
static void subnet_write(struct wire_writer *writer, const struct locate_client *client)
{
	size_t octets = (client->length + 7u) / 8;
	wire_put16(writer, (unsigned)(8 + octets));
	wire_put16(writer, OPTION_SUBNET);
	wire_put16(writer, (unsigned)(4 + octets));
	wire_put16(writer, client->source.ipv6 ? 2 : 1);
	wire_put8(writer, client->length);
	wire_put8(writer, 0);
	wire_put(writer, client->source.address, octets);
}

/* Of ours: nothing of it is a stranger's, and it fits. */
static size_t query_write(const struct locate_client *client, const uint8_t *name, bool ipv6,
	uint8_t packet[QUERY_MAX])
{
	struct wire_writer writer = {packet, packet + QUERY_MAX, false};
	static const uint8_t header[HEADER_SIZE] = {[5] = 1, [11] = 1};
	wire_put(&writer, header, HEADER_SIZE);
	wire_put(&writer, name, name_size(name));
	wire_put16(&writer, ipv6 ? TYPE_AAAA : TYPE_A);
	wire_put16(&writer, CLASS_IN);
	wire_put8(&writer, 0);
	wire_put16(&writer, TYPE_OPT);
	wire_put16(&writer, UDP_SIZE);
	wire_put32(&writer, 0);
	if (client->ecs)
		subnet_write(&writer, client);
	else
		wire_put16(&writer, 0);
	return (size_t)(writer.at - packet);
}

static void owner_skip(struct octets *reader)
{
	for (unsigned size; (size = octet_take(reader)) != 0 && !reader->overflow;) {
		if (size >= POINTER) {
			octet_take(reader);
			return;
		}
		octets_take(reader, size);
	}
}

/* Our own replies have one option at most besides NSID, which was not asked for. */
static void option_read(struct explain_reply *reply, const uint8_t *rdata, uint16_t size)
{
	if (size >= SUBNET_FIXED && wire_u16(rdata) == OPTION_SUBNET)
		reply->scope = rdata[SUBNET_SCOPE];
}

static void record_read(struct explain_reply *reply, struct octets *reader)
{
	owner_skip(reader);
	uint16_t type = number_take(reader);
	octets_take(reader, 6);
	uint16_t size = number_take(reader);
	const uint8_t *rdata = octets_take(reader, size);
	if (!rdata)
		return;
	if (type == TYPE_OPT)
		option_read(reply, rdata, size);
	if (type == TYPE_CNAME && size <= NAME_SIZE_MAX) {
		memcpy(reply->target, rdata, size);
		reply->steps++;
	}
	if (type == (reply->ipv6 ? TYPE_AAAA : TYPE_A) && size == (reply->ipv6 ? 16 : 4) &&
		reply->count < EXPLAIN_ADDRESSES_MAX)
		reply->addresses[reply->count++] = rdata;
}

void explain_ask(
	struct explain_asker *asker, const uint8_t *name, bool ipv6, struct explain_reply *reply)
{
	uint8_t packet[QUERY_MAX];
	size_t query_size = query_write(asker->client, name, ipv6, packet);
	size_t size =
		serve(&asker->serving, &asker->client->source, packet, query_size, asker->reply);
	struct octets reader = {asker->reply, asker->reply + size, false};
	const uint8_t *header = octets_take(&reader, HEADER_SIZE);
	reply->rcode = RCODE_SERVFAIL;
	reply->authoritative = false;
	reply->scope = reply->steps = reply->count = 0;
	reply->ipv6 = ipv6;
	memcpy(reply->target, name, name_size(name));
	if (!header)
		return;
	reply->rcode = header[3] & 0x0F;
	reply->authoritative = header[2] & 0x04;
	unsigned answers = wire_u16(header + 6), others = wire_u16(header + 8);
	others += wire_u16(header + 10);
	owner_skip(&reader);
	octets_take(&reader, 4);
	for (unsigned i = 0; i < answers && !reader.overflow; i++)
		record_read(reply, &reader);
	unsigned found = reply->count; /* glue is no answer */
	for (unsigned i = 0; i < others && !reader.overflow; i++)
		record_read(reply, &reader);
	reply->count = found;
}
