#include "tests/unit/packet_case.h"

#include "tests/unit/golden_case.h"
#include "tests/unit/reply_check.h"
#include "tests/unit/world_case.h"

enum { PACKETS = 50000, SEED = 20261120, MUTATIONS_MAX = 6 };

static struct world world;
static struct golden golden;
static uint64_t random_state;

/* Xorshift (Marsaglia): the same packets on every machine. */
static unsigned random_below(unsigned bound)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % bound;
}

static int load(void **state)
{
	char why[1024];
	(void)state;
	if (golden_load(&golden, "tests/golden/answers.txt") == 0 &&
		world_load(&world, why, sizeof(why)))
		return 0;
	printf("tests/golden was not loaded\n");
	return -1;
}

static int unload(void **state)
{
	(void)state;
	world_free(&world);
	return 0;
}

/* Octets that parsers stumble over, or any. */
static uint8_t random_octet(void)
{
	static const uint8_t odd[] = {
		0, 1, 2, 8, 12, 16, 28, 32, 41, 63, 64, 127, 128, 191, 192, 255};
	unsigned which = random_below(2 * sizeof(odd));
	return which < sizeof(odd) ? odd[which] : (uint8_t)random_below(256);
}

/* Takes `out` octets away at `at` and puts `in` random ones there. */
static void replace(struct packet *packet, size_t at, size_t out, size_t in)
{
	if (at > packet->size)
		at = packet->size;
	if (out > packet->size - at)
		out = packet->size - at;
	if (packet->size - out + in > sizeof(packet->octets))
		return;
	memmove(packet->octets + at + in, packet->octets + at + out, packet->size - at - out);
	for (size_t i = 0; i < in; i++)
		packet->octets[at + i] = random_octet();
	packet->size += in - out;
}

/* The rest of another query from here on. */
static void tail_take(struct packet *packet, size_t at)
{
	const struct golden_octets *other =
		&golden.cases[random_below((unsigned)golden.count)].query;
	size_t from = random_below((unsigned)other->size);
	if (at + other->size - from > sizeof(packet->octets))
		return;
	memcpy(packet->octets + at, other->octets + from, other->size - from);
	packet->size = at + other->size - from;
}

static void mutate(struct packet *packet)
{
	size_t at = random_below((unsigned)packet->size + 1);
	switch (random_below(8)) {
	case 0:
		packet->size = at;
		return;
	case 1: /* one bit */
		if (at < packet->size)
			packet->octets[at] ^= (uint8_t)(1 << random_below(8));
		return;
	case 2: /* a count */
		if (packet->size >= HEADER_SIZE)
			packet->octets[4 + random_below(8)] = random_octet();
		return;
	case 3:
		replace(packet, at, 0, 1 + random_below(20));
		return;
	case 4:
		replace(packet, at, 1 + random_below(20), 0);
		return;
	case 5:
		tail_take(packet, at);
		return;
	default:
		replace(packet, at, 1, 1);
		return;
	}
}

static struct client random_client(void)
{
	struct client client = {.ipv6 = random_below(2), .tcp = random_below(3) == 0};
	for (unsigned i = 0; i < (client.ipv6 ? 16 : 4); i++)
		client.address[i] = random_octet();
	return client;
}

static void ask(const struct client *client, const struct packet *packet)
{
	uint8_t *reply;
	size_t size = world_ask(&world, client, packet->octets, packet->size, &reply);
	const char *fault = reply_fault(client, packet->octets, packet->size, reply, size);
	if (fault) {
		printf("query ");
		for (size_t i = 0; i < packet->size; i++)
			printf("%02x", packet->octets[i]);
		printf("\nreply ");
		for (size_t i = 0; i < size; i++)
			printf("%02x", reply[i]);
		fail_msg("\nthe reply (tcp %d, ipv6 %d): %s", client->tcp, client->ipv6, fault);
	}
	free(reply);
}

static struct packet packet_of(const struct golden_octets *octets)
{
	struct packet packet = {.size = octets->size};
	assert_true(octets->size <= sizeof(packet.octets));
	memcpy(packet.octets, octets->octets, octets->size);
	return packet;
}

static void test_mutated(void **state)
{
	(void)state;
	random_state = SEED;
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet = packet_of(&golden.cases[i % golden.count].query);
		for (unsigned left = random_below(MUTATIONS_MAX) + 1; left > 0; left--)
			mutate(&packet);
		struct client client = random_client();
		ask(&client, &packet);
	}
}

/* Every golden query as it is, over each transport, and cut off at each length. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < golden.count; i++)
		for (unsigned transport = 0; transport < 4; transport++) {
			struct client client = {.tcp = transport & 1, .ipv6 = transport & 2};
			struct packet packet = packet_of(&golden.cases[i].query);
			for (; packet.size > 0; packet.size--)
				ask(&client, &packet);
			ask(&client, &packet);
		}
}

/* Every octet of every golden query at each of its values. */
static void test_each_octet(void **state)
{
	static const struct client client = {.address = {192, 0, 2, 53}};
	(void)state;
	for (size_t i = 0; i < golden.count; i += 3)
		for (size_t at = 2; at < golden.cases[i].query.size; at++) {
			struct packet packet = packet_of(&golden.cases[i].query);
			for (unsigned value = 0; value < 256; value++) {
				packet.octets[at] = (uint8_t)value;
				ask(&client, &packet);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_each_octet),
	};
	return cmocka_run_group_tests_name("serve_mutated", tests, load, unload);
}
