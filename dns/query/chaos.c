#include "dns/query/chaos.h"

#include "zones/wire.h"

void answer_chaos(struct answer *answer, const struct snapshot *snapshot, const struct query *query)
{
	static const struct {
		char name[16];
		bool version;
	} names[] = {
		{"\2id\6server", false},
		{"\10hostname\4bind", false},
		{"\7version\4bind", true},
		{"\7version\6server", true},
	};
	answer->rcode = RCODE_REFUSED;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!name_equal(query->name.wire, (const uint8_t *)names[i].name))
			continue;
		const char *text = names[i].version ? snapshot->version : snapshot->identity;
		uint16_t size = names[i].version ? snapshot->version_size : snapshot->identity_size;
		if (!size)
			return;
		answer->rcode = RCODE_NOERROR;
		answer->authoritative = true;
		if (query->type != TYPE_TXT && query->type != TYPE_ANY)
			return;
		uint8_t rdata[256] = {(uint8_t)size};
		memcpy(rdata + 1, text, size);
		struct rrset txt = {.type = TYPE_TXT, .count = 1, .records = answer->made[0]};
		txt.size = (uint32_t)record_write(
			answer->made[0], TYPE_TXT, 0, rdata, (uint16_t)(size + 1));
		wire_set16(answer->made[0] + 4, CLASS_CH);
		answer_rrset_add(answer, SECTION_ANSWER, HEADER_SIZE, &txt);
	}
}
