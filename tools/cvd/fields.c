#include "tools/cvd/fields.h"

#include "dns/base/why.h"
#include "tools/cvd/digits.h"

#include <string.h>

enum { SHOWN_MAX = 40 };

void fields_split(struct fields *fields, const char *text, size_t size)
{
	const char *end = text + size, *colon;
	fields->count = 0;
	do {
		colon = memchr(text, ':', (size_t)(end - text));
		const char *stop = colon ? colon : end;
		if (fields->count < FIELDS_MAX)
			fields->list[fields->count] = (struct field){text, (size_t)(stop - text)};
		fields->count++;
		text = stop + 1;
	} while (colon);
}

bool field_refuse(
	const struct field *field, const char *name, const char *expected, char *why, size_t size)
{
	return why_write(why, size, "%s is \"%.*s\", expected %s", name,
		(int)(field->size < SHOWN_MAX ? field->size : SHOWN_MAX), field->text, expected);
}

bool fields_read_numbers(const struct fields *fields, const struct field_number kinds[FIELDS_MAX],
	int64_t numbers[FIELDS_MAX], char *why, size_t size)
{
	for (size_t i = 0; i < FIELDS_MAX && i < fields->count; i++) {
		const struct field *field = &fields->list[i];
		int64_t most = kinds[i].most ? kinds[i].most : DIGITS_CLIENT_MAX;
		if (kinds[i].name && !digits_parse(field->text, field->size, most, &numbers[i]))
			return field_refuse(field, kinds[i].name,
				kinds[i].most ? kinds[i].expected : "digits, at most 2147483647",
				why, size);
	}
	return true;
}
