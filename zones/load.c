#include "zones/load.h"

#include "zones/arena.h"
#include "zones/check.h"
#include "zones/field.h"
#include "zones/group.h"
#include "zones/rdata.h"
#include "zones/rrset.h"
#include "zones/rule.h"
#include "zones/source.h"
#include "zones/svcb.h"
#include "zones/wire.h"

#include <ctype.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	DATE_DIGITS = 14, /* YYYYMMDDHHmmSS, RFC 4034 3.2 */
	HIP_WORDS = 3, /* of the field that ldns calls HIP */
};

/* Kinds of field that ldns has not. */
enum { KIND_SCHEME = LDNS_RDF_TYPE_SVCPARAMS + 1, KIND_DATA, KINDS };

static const ldns_rdf_type name_field[] = {LDNS_RDF_TYPE_DNAME};
static const ldns_rdf_type nsec_fields[] = {LDNS_RDF_TYPE_DNAME, LDNS_RDF_TYPE_NSEC};
static const ldns_rdf_type csync_fields[] = {
	LDNS_RDF_TYPE_INT32, LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_NSEC};
static const ldns_rdf_type dsync_fields[] = {
	LDNS_RDF_TYPE_TYPE, (ldns_rdf_type)KIND_SCHEME, LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_DNAME};
static const ldns_rdf_type doa_fields[] = {LDNS_RDF_TYPE_INT32, LDNS_RDF_TYPE_INT32,
	LDNS_RDF_TYPE_INT8, LDNS_RDF_TYPE_STR, (ldns_rdf_type)KIND_DATA};
static const ldns_rdf_type relay_field[] = {LDNS_RDF_TYPE_AMTRELAY};
/* Types that ldns 1.8.3 knows not, or wrongly: fields at least and at most, and the kind of what
 * may follow these. */
static const ldns_rr_descriptor own_types[] = {
	{23, "NSAP-PTR", 1, 1, name_field, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS, 1},
	{LDNS_RR_TYPE_NSEC, "NSEC", 2, 2, nsec_fields, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS, 1},
	{56, "NINFO", 1, 0, NULL, LDNS_RDF_TYPE_STR, LDNS_RR_NO_COMPRESS, 0},
	{LDNS_RR_TYPE_CSYNC, "CSYNC", 2, 3, csync_fields, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS,
		0},
	{66, "DSYNC", 4, 4, dsync_fields, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS, 1},
	{258, "AVC", 1, 0, NULL, LDNS_RDF_TYPE_STR, LDNS_RR_NO_COMPRESS, 0},
	{259, "DOA", 5, 5, doa_fields, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS, 0},
	{260, "AMTRELAY", 1, 1, relay_field, LDNS_RDF_TYPE_NONE, LDNS_RR_NO_COMPRESS, 0},
	{261, "RESINFO", 1, 0, NULL, LDNS_RDF_TYPE_STR, LDNS_RR_NO_COMPRESS, 0},
	{262, "WALLET", 1, 0, NULL, LDNS_RDF_TYPE_STR, LDNS_RR_NO_COMPRESS, 0},
};

enum { OWN_TYPES = sizeof own_types / sizeof *own_types };

/* A field in an operator's words, and in wire form; a kind that is not here is in no zone. */
static const struct {
	const char *name;
	uint8_t form; /* enum rule_form */
} kinds[KINDS] = {
	[LDNS_RDF_TYPE_DNAME] = {NULL, RULE_NAME},
	[LDNS_RDF_TYPE_INT8] = {NULL, 1},
	[LDNS_RDF_TYPE_INT16] = {NULL, 2},
	[LDNS_RDF_TYPE_INT32] = {NULL, 4},
	[LDNS_RDF_TYPE_A] = {NULL, 4},
	[LDNS_RDF_TYPE_AAAA] = {NULL, 16},
	[LDNS_RDF_TYPE_STR] = {NULL, RULE_STRING},
	[LDNS_RDF_TYPE_APL] = {"[!]family:address/prefix", RULE_APL},
	[LDNS_RDF_TYPE_B64] = {"base64", RULE_REST},
	[LDNS_RDF_TYPE_HEX] = {"pairs of hexadecimal digits", RULE_REST},
	[LDNS_RDF_TYPE_NSEC] = {NULL, RULE_BITMAP},
	[LDNS_RDF_TYPE_TYPE] = {"a record type", 2},
	[LDNS_RDF_TYPE_CERT_ALG] = {"a certificate type", 2},
	[LDNS_RDF_TYPE_ALG] = {"an algorithm", 1},
	[LDNS_RDF_TYPE_TIME] = {"a time as YYYYMMDDHHmmSS, or seconds since 1970", 4},
	[LDNS_RDF_TYPE_PERIOD] = {NULL, 4},
	[LDNS_RDF_TYPE_HIP] = {NULL, RULE_HIP},
	[LDNS_RDF_TYPE_LOC] = {"a location like 52 30 0 N 13 22 0 E 34m", RULE_LOC},
	[LDNS_RDF_TYPE_WKS] = {NULL, RULE_REST},
	[LDNS_RDF_TYPE_NSAP] = {NULL, RULE_REST},
	[LDNS_RDF_TYPE_ATMA] = {NULL, RULE_REST},
	[LDNS_RDF_TYPE_IPSECKEY] = {NULL, RULE_IPSECKEY},
	[LDNS_RDF_TYPE_NSEC3_SALT] = {"pairs of hexadecimal digits, or -", RULE_STRING},
	[LDNS_RDF_TYPE_NSEC3_NEXT_OWNER] = {"base32hex", RULE_STRING},
	[LDNS_RDF_TYPE_ILNP64] = {NULL, 8},
	[LDNS_RDF_TYPE_EUI48] = {NULL, 6},
	[LDNS_RDF_TYPE_EUI64] = {NULL, 8},
	[LDNS_RDF_TYPE_TAG] = {"letters and digits", RULE_TAG},
	[LDNS_RDF_TYPE_LONG_STR] = {NULL, RULE_TEXT},
	[LDNS_RDF_TYPE_CERTIFICATE_USAGE] = {NULL, 1},
	[LDNS_RDF_TYPE_SELECTOR] = {NULL, 1},
	[LDNS_RDF_TYPE_MATCHING_TYPE] = {NULL, 1},
	[LDNS_RDF_TYPE_AMTRELAY] = {NULL, RULE_AMTRELAY},
	[LDNS_RDF_TYPE_SVCPARAMS] = {NULL, RULE_REST},
	[KIND_SCHEME] = {NULL, 1},
	[KIND_DATA] = {"base64, or -", RULE_TEXT},
};

static const char *kind_name(ldns_rdf_type kind)
{
	return kinds[kind].name ? kinds[kind].name : "RDATA of that type";
}

/* RFC 3597 5: TYPE and a number, or a mnemonic; 0: neither. */
static uint16_t type_find(const char *text)
{
	uint32_t number = 0;
	if (!strncasecmp(text, "TYPE", 4) && text[4])
		return word_number(text + 4, UINT16_MAX, &number) ? (uint16_t)number : 0;
	for (size_t i = 0; i < OWN_TYPES; i++)
		if (!strcasecmp(text, own_types[i]._name))
			return (uint16_t)own_types[i]._type;
	return (uint16_t)ldns_get_rr_type_by_name(text);
}

/* NULL: what the type is made of is not known. */
static const ldns_rr_descriptor *fields_find(uint16_t type)
{
	for (size_t i = 0; i < OWN_TYPES; i++)
		if ((uint16_t)own_types[i]._type == type)
			return &own_types[i];
	const ldns_rr_descriptor *fields = ldns_rr_descript(type);
	for (size_t i = 0; i < fields->_maximum; i++)
		if (!kinds[ldns_rr_descriptor_field_type(fields, i)].form)
			return NULL;
	return (uint16_t)fields->_type == type ? fields : NULL;
}

static bool ldns_put(struct rdata *rdata, ldns_rdf_type kind, const char *text)
{
	/* ldns counts in 16 bits, and one of its parsers looks at an errno that may be old. */
	bool fits = text && strlen(text) <= 2 * RDATA_MAX;
	if (!text)
		return false;
	errno = 0;
	ldns_rdf *rdf = fits ? ldns_rdf_new_frm_str(kind, text) : NULL;
	if (!rdf)
		return rdata_refuse(rdata, text, kind_name(kind));
	bool good = rdata_put(rdata, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
	ldns_rdf_deep_free(rdf);
	return good;
}

/* For fields that take all words to the record's end, or several. */
static bool joined_put(
	struct rdata *rdata, ldns_rdf_type kind, const struct word *words, size_t count)
{
	bool digits = kind == LDNS_RDF_TYPE_B64 || kind == LDNS_RDF_TYPE_HEX;
	const char *text = rdata_join(rdata, words, count, digits ? "" : " ");
	/* A lone 0 is how RFC 8078 4 writes one octet. */
	if (text && kind == LDNS_RDF_TYPE_HEX && strlen(text) % 2 && strcmp(text, "0"))
		return rdata_refuse(rdata, text, kind_name(kind));
	return ldns_put(rdata, kind, text);
}

/* A mnemonic that ldns knows, or a number, which ldns would cut down to size, sign and all. */
static bool mnemonic_put(struct rdata *rdata, ldns_rdf_type kind, unsigned octets, const char *text)
{
	return isalpha((unsigned char)*text) ? ldns_put(rdata, kind, text)
					     : rdata_put_number(rdata, octets, text);
}

/* One type, or a bitmap of them. */
static bool types_put(
	struct rdata *rdata, ldns_rdf_type kind, const struct word *words, size_t count)
{
	uint8_t map[RDATA_TYPES / 8] = {0}, number[2];
	for (size_t i = 0; i < count; i++) {
		uint16_t type = type_find(words[i].text);
		if (!type)
			return rdata_refuse(rdata, words[i].text, "a record type");
		map[type / 8] |= (uint8_t)(0x80 >> type % 8);
		wire_set16(number, type);
	}
	return kind == LDNS_RDF_TYPE_TYPE ? rdata_put(rdata, number, sizeof number)
					  : rdata_put_types(rdata, map);
}

static bool loc_put(struct rdata *rdata, const struct word *words, size_t count)
{
	char text[FIELD_LOC_MAX];
	if (field_loc(words, count, text))
		return ldns_put(rdata, LDNS_RDF_TYPE_LOC, text);
	const char *joined = rdata_join(rdata, words, count, " ");
	return joined && rdata_refuse(rdata, joined, kind_name(LDNS_RDF_TYPE_LOC));
}

/* One field. What is simple is ours: ldns 1.8.3 wraps numbers, and takes "@." for "@". */
static bool field_put(
	struct rdata *rdata, ldns_rdf_type kind, const struct word *words, size_t count)
{
	const char *text = words->text;
	switch ((int)kind) {
	case LDNS_RDF_TYPE_DNAME:
		return rdata_put_name(rdata, text);
	case LDNS_RDF_TYPE_A:
	case LDNS_RDF_TYPE_AAAA:
		return rdata_put_address(rdata, kind == LDNS_RDF_TYPE_AAAA, text);
	case LDNS_RDF_TYPE_INT8:
		return rdata_put_number(rdata, 1, text);
	case LDNS_RDF_TYPE_INT16:
		return rdata_put_number(rdata, 2, text);
	case LDNS_RDF_TYPE_INT32:
		return rdata_put_number(rdata, 4, text);
	case LDNS_RDF_TYPE_PERIOD:
		return rdata_put_duration(rdata, text);
	case LDNS_RDF_TYPE_STR:
	case LDNS_RDF_TYPE_LONG_STR:
		return rdata_put_string(rdata, words, kind == LDNS_RDF_TYPE_STR);
	case LDNS_RDF_TYPE_ALG:
	case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
	case LDNS_RDF_TYPE_SELECTOR:
	case LDNS_RDF_TYPE_MATCHING_TYPE:
		return mnemonic_put(rdata, kind, 1, text);
	case LDNS_RDF_TYPE_CERT_ALG:
		return mnemonic_put(rdata, kind, 2, text);
	case LDNS_RDF_TYPE_TIME:
		return strspn(text, "0123456789") == DATE_DIGITS ? ldns_put(rdata, kind, text)
								 : rdata_put_number(rdata, 4, text);
	case LDNS_RDF_TYPE_TYPE:
	case LDNS_RDF_TYPE_NSEC:
		return types_put(rdata, kind, words, count);
	case LDNS_RDF_TYPE_APL:
		return field_apl(text) ? ldns_put(rdata, kind, text)
				       : rdata_refuse(rdata, text, kind_name(kind));
	case LDNS_RDF_TYPE_LOC:
		return loc_put(rdata, words, count);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return svcb_put(rdata, words, count);
	case LDNS_RDF_TYPE_IPSECKEY:
		/* ldns would not complete the gateway's name, nor join a key of several words. */
		return rdata_put_tunnel(rdata, words, count) &&
		       (count == RDATA_TUNNEL_WORDS ||
			       joined_put(rdata, LDNS_RDF_TYPE_B64, words + RDATA_TUNNEL_WORDS,
				       count - RDATA_TUNNEL_WORDS));
	case LDNS_RDF_TYPE_AMTRELAY:
		return rdata_put_relay(rdata, words, count);
	case KIND_SCHEME: /* RFC 9859 3 */
		return rdata_put_number(rdata, 1, strcasecmp(text, "NOTIFY") ? text : "1");
	case KIND_DATA:
		return (count == 1 && !strcmp(text, "-")) ||
		       joined_put(rdata, LDNS_RDF_TYPE_B64, words, count);
	default:
		return joined_put(rdata, kind, words, count);
	}
}

/* How many of the words that are left a field takes. */
static size_t field_words(ldns_rdf_type kind, bool last, size_t left)
{
	switch ((int)kind) {
	case LDNS_RDF_TYPE_HIP:
		return left < HIP_WORDS ? left : HIP_WORDS;
	case LDNS_RDF_TYPE_AMTRELAY:
		return left < RDATA_RELAY_WORDS ? left : RDATA_RELAY_WORDS;
	case LDNS_RDF_TYPE_B64:
	case LDNS_RDF_TYPE_HEX:
	case LDNS_RDF_TYPE_NSEC:
	case LDNS_RDF_TYPE_LOC:
	case LDNS_RDF_TYPE_WKS:
	case LDNS_RDF_TYPE_IPSECKEY:
	case LDNS_RDF_TYPE_SVCPARAMS:
	case KIND_DATA:
		return last ? left : 1;
	default:
		return 1;
	}
}

static bool fields_put(struct rdata *rdata, const ldns_rr_descriptor *fields,
	const struct word *words, size_t count)
{
	size_t most = ldns_rr_descriptor_maximum(fields), field = 0, at = 0, taken;
	for (; at < count && field < most; field++, at += taken) {
		ldns_rdf_type kind = ldns_rr_descriptor_field_type(fields, field);
		taken = field_words(kind, field + 1 == most, count - at);
		if (!field_put(rdata, kind, words + at, taken))
			return false;
	}
	if (at < count)
		return rdata_refuse(rdata, words[at].text, "the record's end before it");
	if (field >= ldns_rr_descriptor_minimum(fields))
		return true;
	return source_refuse(&rdata->record->place, rdata->why, rdata->why_size,
		"%.20s has %zu of its fields, expected %zu", rdata->record->type, field,
		ldns_rr_descriptor_minimum(fields));
}

/* Whether RDATA, from words or with \# (RFC 3597 5), is made of the type's fields. */
static bool wire_check(struct rdata *rdata, uint16_t type, const ldns_rr_descriptor *fields)
{
	size_t most = ldns_rr_descriptor_maximum(fields), at = 0, field = 0;
	size_t least = ldns_rr_descriptor_minimum(fields);
	for (; at < rdata->size && field < most; field++)
		at += rule_size(kinds[ldns_rr_descriptor_field_type(fields, field)].form,
			rdata->octets + at, rdata->size - at);
	if (least && kinds[ldns_rr_descriptor_field_type(fields, least - 1)].form == RULE_TEXT)
		least--;
	if (at != rdata->size || field < least)
		return rdata_refuse(rdata, "\\#", "octets that RDATA of that type is made of");
	return type != TYPE_SVCB && type != TYPE_HTTPS ? rule_check_digest(rdata, type)
						       : svcb_check(rdata);
}

/* All words of rdata->record, in place of what was there. False: a sentence as in
 * zones/rdata.h. */
static bool type_put(struct rdata *rdata, uint16_t type)
{
	const struct source_record *record = rdata->record;
	const ldns_rr_descriptor *fields = fields_find(type);
	bool generic =
		record->count && !record->words->quoted && !strcmp(record->words->text, "\\#");
	if (!generic && !fields)
		return rdata_refuse(rdata, record->count ? record->words->text : "",
			"\\#, its size and hexadecimal digits (RFC 3597)");
	rdata->size = 0;
	return (generic ? rdata_put_generic(rdata, record->words, record->count)
			: fields_put(rdata, fields, record->words, record->count)) &&
	       (!fields || wire_check(rdata, type, fields));
}

/* One zone file on its way in. */
struct load {
	struct zone_file *file;
	struct source *source;
	struct group group;
	struct source_record record;
	char *why;
	size_t size;
	struct rdata rdata;
};

static bool record_add(struct load *load)
{
	uint16_t type = type_find(load->record.type);
	return group_accepts(&load->group, &load->record, type, load->why, load->size) &&
	       type_put(&load->rdata, type) && group_add(&load->group, &load->rdata, type);
}

static bool records_load(struct load *load, const char *path)
{
	struct zone_file *file = load->file;
	enum source_result result;
	load->source = source_open(path, file->apex, file->arena, load->why, load->size);
	if (!load->source)
		return false;
	while ((result = source_next(load->source, &load->record, load->why, load->size)) ==
		SOURCE_RECORD)
		if (!record_add(load))
			return false;
	return result == SOURCE_END && group_entries(&load->group, load->why, load->size) &&
	       check_zone(file, path, load->why, load->size);
}

struct zone_file *zone_file_load(const char *path, const uint8_t *apex, char *why, size_t size)
{
	struct source_place place = {path, 0};
	struct load *load = calloc(1, sizeof *load);
	struct zone_file *file = calloc(1, sizeof *file);
	if (file)
		file->arena = arena_new();
	if (!load || !file || !file->arena) {
		source_refuse(&place, why, size, "out of memory");
		goto fail;
	}
	memcpy(file->apex, apex, name_size(apex));
	name_lower(file->apex);
	load->file = load->group.file = file;
	load->why = why;
	load->size = size;
	load->rdata.record = &load->record;
	load->rdata.why = why;
	load->rdata.why_size = size;
	bool good = records_load(load, path);
	source_close(load->source);
	group_free(&load->group);
	rdata_free(&load->rdata);
	if (good) {
		free(load);
		return file;
	}
fail:
	free(load);
	zone_file_free(file);
	return NULL;
}

void zone_file_free(void *object)
{
	struct zone_file *file = object;
	if (!file)
		return;
	arena_free(file->arena);
	free(file->entries);
	free(file->warnings);
	free(file);
}
