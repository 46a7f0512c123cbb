#include "tools/monitor/config/hostname.h"

#include <string.h>
#include <strings.h>

enum { LABEL_MAX = 63 };

static bool is_letter(char c, bool underscores)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (underscores && c == '_');
}

static bool label_fits(const char *label, size_t size, bool underscores)
{
	if (size == 0 || size > LABEL_MAX || label[0] == '-' || label[size - 1] == '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_letter(label[i], underscores) && label[i] != '-')
			return false;
	return true;
}

bool host_fits(const char *text, size_t size, bool underscores)
{
	size_t begin = 0;
	if (size == 0 || size > HOST_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '.')
			continue;
		if (!label_fits(text + begin, i - begin, underscores))
			return false;
		begin = i + 1;
	}
	return begin == size || label_fits(text + begin, size - begin, underscores);
}

bool host_equal(const char *a, const char *b)
{
	size_t size = strlen(a), other = strlen(b);
	size -= size && a[size - 1] == '.';
	other -= other && b[other - 1] == '.';
	return size == other && strncasecmp(a, b, size) == 0;
}
