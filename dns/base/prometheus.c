#include "dns/base/prometheus.h"

static void value_write(FILE *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c >= 0x7F) /* it may be no UTF-8 */
			fprintf(out, "\\\\x%02X", c);
		else
			fputc(c, out);
	}
}

void metric_begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void sample_write(FILE *out, const char *name, double value, const struct label labels[LABELS_MAX])
{
	char mark = '{';
	fputs(name, out);
	for (size_t i = 0; labels && i < LABELS_MAX && labels[i].name; i++, mark = ',') {
		fprintf(out, "%c%s=\"", mark, labels[i].name);
		value_write(out, labels[i].value);
		fputc('"', out);
	}
	fprintf(out, "%s %.15g\n", mark == ',' ? "}" : "", value);
}
