/* geo/country.h - countries, their ccTLD aliases and continents.
 *
 * A country is a small number: 0 is none, 1..COUNTRY_MAX the 249 of ISO 3166-1 and XK in the
 * alphabetical order of their codes. Continents are GeoNames' (TR is AS, RU is EU, CY is EU). */
#ifndef GEO_COUNTRY_H
#define GEO_COUNTRY_H

#include <stddef.h>

enum { COUNTRY_NONE = 0, COUNTRY_MAX = 250, COUNTRY_LABELS = COUNTRY_MAX + 3 };

enum continent {
	CONTINENT_NONE,
	CONTINENT_AF,
	CONTINENT_AN,
	CONTINENT_AS,
	CONTINENT_EU,
	CONTINENT_NA,
	CONTINENT_OC,
	CONTINENT_SA,
	CONTINENT_MAX = CONTINENT_SA,
};

/* A code or an alias (uk = GB, ac = SH, su = RU) of `size` octets, any case; COUNTRY_NONE:
 * unknown. */
unsigned country_find(const char *code, size_t size);
const char *country_code(unsigned country); /* "DE"; "" for COUNTRY_NONE */
const char *country_name(unsigned country); /* in English; "" for COUNTRY_NONE */
enum continent country_continent(unsigned country);

/* Every label a country goes by, lower case: the codes, then the aliases. i < COUNTRY_LABELS. */
const char *country_label(size_t i, unsigned *country);

/* "EU" in any case; CONTINENT_NONE: unknown. */
enum continent continent_find(const char *code, size_t size);
const char *continent_code(enum continent continent);

#endif
