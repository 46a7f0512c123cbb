/* tests/fuzz/fuzz_serve.c - any octets as a query, in the world of tests/golden: the first one says
 * who asks, and how. */
#include "tests/unit/reply_check.h"
#include "tests/unit/world_case.h"

#include <stdio.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size);

static struct world world;

/* Germany, France, the United States, nowhere, private space; the same over IPv6 where there is
 * one. */
static const struct client clients[] = {
	{.address = {192, 0, 2, 53}},
	{.address = {198, 51, 100, 5}},
	{.address = {203, 0, 113, 5}},
	{.address = {8, 8, 8, 8}},
	{.address = {10, 2, 3, 4}},
	{.ipv6 = true, .address = {0x20, 1, 0x0D, 0xB8, 0, 0xDE, [15] = 9}},
	{.ipv6 = true, .address = {0x20, 1, 0x0D, 0xB8, 0, 0xFA, [15] = 9}},
	{.ipv6 = true, .address = {[15] = 1}},
};

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	char why[1024];
	(void)count, (void)arguments;
	if (!world_load(&world, why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t size)
{
	uint8_t *reply;
	if (size < 1)
		return 0;
	struct client client = clients[octets[0] / 2 % (sizeof(clients) / sizeof(*clients))];
	client.tcp = octets[0] % 2;
	world_rewind(&world);
	size_t reply_size = world_ask(&world, &client, octets + 1, size - 1, &reply);
	const char *fault = reply_fault(&client, octets + 1, size - 1, reply, reply_size);
	if (fault) {
		fprintf(stderr, "the reply: %s\n", fault);
		abort();
	}
	free(reply);
	return 0;
}
