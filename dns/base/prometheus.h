/* dns/base/prometheus.h - samples as Prometheus reads them (text format 0.0.4). */
#ifndef DNS_BASE_PROMETHEUS_H
#define DNS_BASE_PROMETHEUS_H

#include <stdio.h>

enum { LABELS_MAX = 4 };

/* A label of a sample; `name` NULL: there is none. */
struct label {
	const char *name, *value;
};

/* Begins a metric: its HELP and TYPE. */
void metric_begin(FILE *out, const char *name, const char *type, const char *help);
/* Writes one sample of the metric `name`, with LABELS_MAX labels or less; NULL: with none. */
void sample_write(FILE *out, const char *name, double value, const struct label labels[LABELS_MAX]);

#endif
