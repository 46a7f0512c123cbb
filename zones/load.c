#include "zones/load.h"

#include "zones/arena.h"
#include "zones/check.h"
#include "zones/field.h"
#include "zones/group.h"
#include "zones/rdata.h"
#include "zones/source.h"

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

/* What a field is in an operator's words. */
static const char *kind_name(ldns_rdf_type kind)
{
	static const char *const names[] = {
		[LDNS_RDF_TYPE_TAG] = "letters and digits",
		[LDNS_RDF_TYPE_B64] = "base64",
		[LDNS_RDF_TYPE_HEX] = "pairs of hexadecimal digits",
		[LDNS_RDF_TYPE_B32_EXT] = "base32hex",
		[LDNS_RDF_TYPE_NSEC3_NEXT_OWNER] = "base32hex",
		[LDNS_RDF_TYPE_NSEC3_SALT] = "pairs of hexadecimal digits, or -",
		[LDNS_RDF_TYPE_TYPE] = "a record type",
		[LDNS_RDF_TYPE_ALG] = "an algorithm",
		[LDNS_RDF_TYPE_CERT_ALG] = "a certificate type",
		[LDNS_RDF_TYPE_TIME] = "a time as YYYYMMDDHHmmSS, or seconds since 1970",
		[LDNS_RDF_TYPE_LOC] = "a location like 52 30 0 N 13 22 0 E 34m",
		[LDNS_RDF_TYPE_APL] = "[!]family:address/prefix",
		[LDNS_RDF_TYPE_SVCPARAMS] = "key=value, every key once",
	};
	const char *name = (size_t)kind < sizeof names / sizeof *names ? names[kind] : NULL;
	return name ? name : "RDATA of that type";
}

/* RFC 3597 5: TYPE and a number, or a mnemonic that ldns knows; 0: neither. */
static uint16_t type_find(const char *text)
{
	uint32_t number = 0;
	if (!strncasecmp(text, "TYPE", 4) && text[4])
		return word_number(text + 4, UINT16_MAX, &number) ? (uint16_t)number : 0;
	return (uint16_t)ldns_get_rr_type_by_name(text);
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

static bool time_put(struct rdata *rdata, const char *text)
{
	return strspn(text, "0123456789") == DATE_DIGITS ? ldns_put(rdata, LDNS_RDF_TYPE_TIME, text)
							 : rdata_put_number(rdata, 4, text);
}

/* To ldns an unknown mnemonic is type 0. */
static bool types_put(
	struct rdata *rdata, ldns_rdf_type kind, const struct word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!type_find(words[i].text))
			return rdata_refuse(rdata, words[i].text, kind_name(LDNS_RDF_TYPE_TYPE));
	return joined_put(rdata, kind, words, count);
}

static bool svcparams_put(struct rdata *rdata, const struct word *words, size_t count)
{
	const ldns_rdf_type kind = LDNS_RDF_TYPE_SVCPARAMS;
	size_t start = rdata->size;
	for (size_t i = 0; i < count; i++)
		if (!field_svcparam(words[i].text))
			return rdata_refuse(rdata, words[i].text, kind_name(kind));
	return joined_put(rdata, kind, words, count) &&
	       (field_svcparams_differ(rdata->octets + start, rdata->size - start) ||
		       rdata_refuse(rdata, rdata->joined, kind_name(kind)));
}

static bool loc_put(struct rdata *rdata, const struct word *words, size_t count)
{
	char text[FIELD_LOC_MAX];
	if (field_loc(words, count, text))
		return ldns_put(rdata, LDNS_RDF_TYPE_LOC, text);
	const char *joined = rdata_join(rdata, words, count, " ");
	return joined && rdata_refuse(rdata, joined, kind_name(LDNS_RDF_TYPE_LOC));
}

/* RFC 4025 3.1. ldns would not complete the gateway's name, nor join a key of several words. */
static bool ipseckey_put(struct rdata *rdata, const struct word *words, size_t count)
{
	enum { GATEWAY_WORDS = 4 };
	if (count < GATEWAY_WORDS)
		return rdata_refuse(rdata, words[count - 1].text,
			"precedence, gateway type, algorithm, gateway and key");
	if (!rdata_put_gateway(rdata, words))
		return false;
	words += GATEWAY_WORDS;
	count -= GATEWAY_WORDS;
	return !count || joined_put(rdata, LDNS_RDF_TYPE_B64, words, count);
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
		return time_put(rdata, text);
	case LDNS_RDF_TYPE_TYPE:
	case LDNS_RDF_TYPE_NSEC:
		return types_put(rdata, kind, words, count);
	case LDNS_RDF_TYPE_APL:
		return field_apl(text) ? ldns_put(rdata, kind, text)
				       : rdata_refuse(rdata, text, kind_name(kind));
	case LDNS_RDF_TYPE_LOC:
		return loc_put(rdata, words, count);
	case LDNS_RDF_TYPE_SVCPARAMS:
		return svcparams_put(rdata, words, count);
	case LDNS_RDF_TYPE_IPSECKEY:
		return ipseckey_put(rdata, words, count);
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
	case LDNS_RDF_TYPE_B64:
	case LDNS_RDF_TYPE_HEX:
	case LDNS_RDF_TYPE_NSEC:
	case LDNS_RDF_TYPE_LOC:
	case LDNS_RDF_TYPE_WKS:
	case LDNS_RDF_TYPE_IPSECKEY:
	case LDNS_RDF_TYPE_SVCPARAMS:
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

/* Whether octets given with \# are what a type that ldns knows is made of, and not compressed:
 * read and written again they are the same (RFC 3597 5). */
static bool generic_check(struct rdata *rdata, uint16_t type, const ldns_rr_descriptor *fields)
{
	size_t at = 0, same = 0;
	ldns_rr *rr = ldns_rr_new();
	uint8_t *wire = malloc(2 + rdata->size);
	bool good = rr && wire;
	if (good) {
		ldns_write_uint16(wire, (uint16_t)rdata->size);
		memcpy(wire + 2, rdata->octets, rdata->size);
		ldns_rr_set_type(rr, (ldns_rr_type)type);
		good = ldns_wire2rdf(rr, wire, 2 + rdata->size, &at) == LDNS_STATUS_OK;
	}
	for (size_t i = 0; good && i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);
		size_t count = ldns_rdf_size(rdf);
		good = count <= rdata->size - same &&
		       !memcmp(rdata->octets + same, ldns_rdf_data(rdf), count);
		same += good ? count : 0;
	}
	/* A string without a length may be empty, which ldns takes for none. */
	size_t least = ldns_rr_descriptor_minimum(fields);
	if (least && ldns_rr_descriptor_field_type(fields, least - 1) == LDNS_RDF_TYPE_LONG_STR)
		least--;
	good = good && same == rdata->size && ldns_rr_rd_count(rr) >= least;
	ldns_rr_free(rr);
	free(wire);
	return good || rdata_refuse(rdata, "\\#", "octets that RDATA of that type is made of");
}

static bool rdata_parse(struct load *load, uint16_t type)
{
	const struct source_record *record = &load->record;
	const ldns_rr_descriptor *fields = ldns_rr_descript(type);
	struct rdata *rdata = &load->rdata;
	bool generic =
		record->count && !record->words->quoted && !strcmp(record->words->text, "\\#");
	bool known = (uint16_t)fields->_type == type;
	for (size_t i = 0; known && i < fields->_maximum; i++)
		known = ldns_rr_descriptor_field_type(fields, i) != LDNS_RDF_TYPE_UNKNOWN;
	rdata->size = 0;
	if (generic)
		return rdata_put_generic(rdata, record->words, record->count) &&
		       (!known || generic_check(rdata, type, fields));
	if (known)
		return fields_put(rdata, fields, record->words, record->count);
	return rdata_refuse(rdata, record->count ? record->words->text : "",
		"\\#, its size and hexadecimal digits (RFC 3597)");
}

static bool record_add(struct load *load)
{
	uint16_t type = type_find(load->record.type);
	return group_accepts(&load->group, &load->record, type, load->why, load->size) &&
	       rdata_parse(load, type) && group_add(&load->group, &load->rdata, type);
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

void zone_file_free(struct zone_file *file)
{
	if (!file)
		return;
	arena_free(file->arena);
	free(file->entries);
	free(file->warnings);
	free(file);
}
