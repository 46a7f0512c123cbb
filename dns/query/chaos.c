#include "dns/query/answer.h"
#include "dns/query/explain_txt.h"
#include "zones/wire.h"

/* _explain.NAME: for those who may ask, whoever that subnet is. */
void answer_gist(const struct asked *asked)
{
	struct answer *answer = asked->answer;
	const struct query *query = asked->query;
	const struct snapshot *snapshot = asked->snapshot;
	uint8_t rdata[GIST_RDATA_MAX], *record = answer->made[0];
	bool identity;
	size_t size = gist_room(query, snapshot->identity_size, &identity);
	if (gist_is_allowed(inputs_config(snapshot->inputs), asked->client))
		size = gist_write(snapshot, asked->client, query, rdata, size);
	else
		size = 0;
	if (!size) {
		answer->rcode = RCODE_REFUSED;
		answer->authoritative = false;
	} else if (query->type != TYPE_TXT && query->type != TYPE_ANY) {
		answer_negative_add(asked, RCODE_NOERROR);
	} else {
		_Static_assert(RECORD_FIXED + GIST_RDATA_MAX <= sizeof(answer->made), "one record");
		struct rrset txt = {.type = TYPE_TXT, .count = 1, .records = record};
		txt.size = (uint32_t)record_write(record, TYPE_TXT, 0, rdata, (uint16_t)size);
		answer_rrset_add(answer, SECTION_ANSWER, HEADER_SIZE, &txt);
		answer->scope = query->subnet.option ? query->subnet.source : 0;
		answer->no_identity = !identity;
	}
}

/* RFC 4892: who and what is this server. */
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
