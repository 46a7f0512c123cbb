#include "tools/monitor/probe/probe.h"

#include "geo/country.h"
#include "geo/special.h"
#include "tools/cvd/cvd.h"
#include "tools/monitor/probe/timestamp.h"
#include "tools/monitor/targets/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is asked, in this order. */
enum step {
	STEP_STAMP,
	STEP_LOCAL_TEST,
	STEP_DATABASE,
	STEP_SIGNATURE = STEP_DATABASE + TARGET_DATABASES, /* of the announced versions */
	STEP_END = STEP_SIGNATURE + TARGET_DATABASES
};

enum {
	BODY_MAX = 4096,
	URL_MAX = 2048,
	OCTETS_MAX = 262144 /* of a whole check */,
	SKEW_MAX = 86400 /* seconds */
};

struct probe {
	struct transfer *transfer;
	const struct settings *settings;
	probe_ended *ended;
	void *owner;
	const struct target *target;
	bool silent; /* nothing that it answers is quoted */
	uint32_t expected[TARGET_DATABASES]; /* versions */
	unsigned step; /* enum step; databases are counted on */
	const char *path; /* of the present request, without its slash */
	char named[64]; /* where it is put together */
	uint64_t end_ms; /* of uv_hrtime */
	long status; /* of the present reply */
	char body[BODY_MAX + 1];
	size_t size, room; /* room: octets wanted of this body */
	struct observation seen;
};

static const char *step_path(struct probe *probe)
{
	unsigned i = (probe->step - STEP_DATABASE) % TARGET_DATABASES;
	if (probe->step == STEP_STAMP)
		return probe->settings->request_path + 1;
	if (probe->step == STEP_LOCAL_TEST)
		return "local_test";
	if (probe->step < STEP_SIGNATURE)
		snprintf(probe->named, sizeof(probe->named), "%s.cvd", cvd_database_names[i]);
	else
		snprintf(probe->named, sizeof(probe->named), "%s-%u.cvd.sign",
			cvd_database_names[i], probe->expected[i]);
	return probe->named;
}

/* A timestamp must not be read where any good status will do. */
static bool step_stamps(const struct probe *probe)
{
	return probe->step == STEP_STAMP && probe->settings->fresh == FRESH_TIMESTAMP;
}

static bool step_wanted(const struct probe *probe, unsigned step)
{
	if (step == STEP_LOCAL_TEST)
		return probe->settings->local_test;
	if (step >= STEP_SIGNATURE)
		return probe->settings->signatures != SIGNATURES_OFF &&
		       probe->expected[step - STEP_SIGNATURE];
	for (unsigned i = 0; i < TARGET_DATABASES; i++)
		if (probe->expected[i])
			return true;
	return false;
}

static unsigned step_after(const struct probe *probe, unsigned step)
{
	do
		step++;
	while (step < STEP_END && !step_wanted(probe, step));
	return step;
}

/* Is it a database that the mirror may do without? */
static bool step_optional(unsigned step, long status)
{
	return step >= STEP_DATABASE && status == 404;
}

/* By the address where nothing depends on the name, which may be none that an URL can have; with a
 * certificate by the name, without the dot at its end. */
static void url_write(const struct probe *probe, const char *connect, char *url, size_t size)
{
	const struct list_mirror *mirror = probe->target->mirror;
	size_t length = strlen(mirror->host);
	if (length && mirror->host[length - 1] == '.')
		length--;
	if (probe->settings->scheme == SCHEME_HTTPS)
		snprintf(url, size, "https://%.*s:%u/%s", (int)length, mirror->host, mirror->port,
			probe->path);
	else
		snprintf(url, size, "http://%s/%s", connect, probe->path);
}

static bool step_ask(struct probe *probe)
{
	const struct list_mirror *mirror = probe->target->mirror;
	bool secure = probe->settings->scheme == SCHEME_HTTPS;
	uint64_t now = uv_hrtime() / 1000000;
	char address[ADDRESS_TEXT_MAX], connect[ADDRESS_TEXT_MAX + 16], url[URL_MAX],
		host[SETTINGS_HOST_MAX];
	snprintf(connect, sizeof(connect), probe->target->address.ipv6 ? "[%s]:%u" : "%s:%u",
		address_write(&probe->target->address, address), mirror->port);
	probe->path = step_path(probe);
	url_write(probe, connect, url, sizeof(url));
	struct transfer_ask ask = {.url = url,
		.secure = secure,
		.connect = secure ? connect : NULL,
		.fresh = probe->step == STEP_STAMP,
		.host = settings_host_write(
			probe->settings, country_code(mirror->country), mirror->host, host),
		.range = probe->step >= STEP_DATABASE ? "0-511" : NULL,
		.limit_seconds = probe->settings->timeout,
		.left_milliseconds = (uint32_t)(probe->end_ms > now ? probe->end_ms - now : 1),
		.most = OCTETS_MAX,
		.silent = probe->silent,
		.last = step_after(probe, probe->step) == STEP_END};
	probe->size = 0;
	probe->room = BODY_MAX;
	return transfer_start(probe->transfer, &ask);
}

/* No body is waited for where the status says everything. */
static bool head_came(void *owner, long status)
{
	struct probe *probe = owner;
	probe->status = status;
	if (probe->step >= STEP_DATABASE) {
		bool header = status != 404 && probe->step < STEP_SIGNATURE;
		probe->room = header ? CVD_HEADER_SIZE : BODY_MAX;
		return status == 200 || status == 206 || status == 404;
	}
	return status == 200 && (probe->step != STEP_STAMP || step_stamps(probe));
}

/* A whole database, where the range is not understood, ends with its header; a part of one is read
 * to its end, so that the connection can be used again. */
static bool body_came(void *owner, const char *octets, size_t size)
{
	struct probe *probe = owner;
	size_t room = probe->room - probe->size;
	bool fits = size <= room;
	memcpy(probe->body + probe->size, octets, fits ? size : room);
	probe->size += fits ? size : room;
	return fits && !(probe->size == probe->room && probe->step >= STEP_DATABASE &&
			       probe->status == 200);
}

static void check_end(struct probe *probe, bool good)
{
	struct observation *seen = &probe->seen;
	seen->good = good;
	if (!good && seen->skew) {
		size_t size = strlen(seen->why);
		snprintf(seen->why + size, sizeof(seen->why) - size, "; its clock is %lld h %s",
			llabs(seen->skew) / 3600, seen->skew > 0 ? "ahead" : "behind");
	}
	probe->target = NULL;
	probe->ended(probe->owner, seen);
}

/* The sentence begins with the path, apart from what is said of the first request as a whole. */
__attribute__((format(printf, 2, 3))) static bool fail(struct probe *probe, const char *format, ...)
{
	struct observation *seen = &probe->seen;
	va_list arguments;
	seen->why[0] = '\0';
	if (probe->step != STEP_STAMP)
		snprintf(seen->why, sizeof(seen->why), "%s: ", probe->path);
	size_t size = strlen(seen->why);
	va_start(arguments, format);
	vsnprintf(seen->why + size, sizeof(seen->why) - size, format, arguments);
	va_end(arguments);
	return false;
}

static const char *quote(
	const struct probe *probe, const char *octets, size_t size, char text[PROBE_QUOTE_MAX])
{
	return probe->silent ? "something else" : probe_quote(octets, size, text);
}

static bool status_take(struct probe *probe, const struct transfer_reply *reply)
{
	char quoted[PROBE_QUOTE_MAX];
	if (reply->status == 200 || step_optional(probe->step, reply->status) ||
		(probe->step >= STEP_DATABASE && reply->status == 206))
		return true;
	if (reply->status < 300 || reply->status > 399 || !reply->location[0])
		return fail(probe, "HTTP %ld", reply->status);
	return fail(probe, "HTTP %ld: redirects to %s", reply->status,
		quote(probe, reply->location, strlen(reply->location), quoted));
}

static bool stamp_take(struct probe *probe, const struct transfer_reply *reply)
{
	struct observation *seen = &probe->seen;
	char quoted[PROBE_QUOTE_MAX];
	int64_t now = time(NULL), date;
	if (probe_date(reply->date, &date) && llabs(date - now) > SKEW_MAX)
		seen->skew = date - now;
	if (reply->end == TRANSFER_LEFT)
		return fail(probe, "timestamp: more than %d octets, expected a time", BODY_MAX);
	if (!probe_stamp(probe->body, probe->size, &seen->stamp) &&
		(!probe_date(reply->modified, &seen->stamp) || seen->stamp <= 0)) {
		seen->stamp = 0;
		return fail(probe,
			"timestamp: found %s, expected Unix seconds, an RFC 3339 or HTTP date",
			quote(probe, probe->body, probe->size, quoted));
	}
	return true;
}

static bool database_take(struct probe *probe)
{
	unsigned i = probe->step - STEP_DATABASE;
	struct cvd cvd;
	char why[120];
	if (!cvd_parse(&cvd, probe->body, probe->size, why, sizeof(why)))
		return fail(probe, "%s", probe->silent ? "no database header found" : why);
	probe->seen.versions[i] = cvd.version;
	if (cvd.version >= probe->expected[i] || probe->expected[i] - cvd.version == 1)
		return true;
	snprintf(probe->seen.why, sizeof(probe->seen.why), "%s is %u, %u behind %u",
		cvd_database_names[i], cvd.version, probe->expected[i] - cvd.version,
		probe->expected[i]);
	return false;
}

/* Clients of ClamAV 1.5 ask for it beside a database; a mirror that has not got that version, or no
 * databases at all, need not have it. */
static bool signature_take(struct probe *probe, const struct transfer_reply *reply)
{
	unsigned i = probe->step - STEP_SIGNATURE;
	struct observation *seen = &probe->seen;
	char status[32];
	bool failed = reply->end == TRANSFER_FAILED;
	if ((!failed && (reply->status == 200 || reply->status == 206)) ||
		seen->versions[i] < probe->expected[i])
		return true;
	snprintf(status, sizeof(status), "HTTP %ld", reply->status);
	if (probe->settings->signatures == SIGNATURES_REQUIRE)
		return fail(probe, "%s", failed ? reply->why : status);
	size_t size = strlen(seen->warning);
	snprintf(seen->warning + size, sizeof(seen->warning) - size, "%s%s: %s", size ? "; " : "",
		probe->path, failed ? reply->why : status);
	return true;
}

static bool reply_take(struct probe *probe, const struct transfer_reply *reply)
{
	if (probe->step == STEP_STAMP) {
		probe->seen.milliseconds = reply->milliseconds;
		probe->seen.expires = reply->expires;
	}
	if (probe->step >= STEP_SIGNATURE)
		return signature_take(probe, reply);
	if (reply->end == TRANSFER_FAILED)
		return fail(probe, "%s", reply->why);
	if (!status_take(probe, reply))
		return false;
	if (step_stamps(probe))
		return stamp_take(probe, reply);
	return probe->step < STEP_DATABASE || step_optional(probe->step, reply->status) ||
	       database_take(probe);
}

static void reply_came(void *owner, const struct transfer_reply *reply)
{
	struct probe *probe = owner;
	if (!reply_take(probe, reply)) {
		check_end(probe, false);
		return;
	}
	probe->step = step_after(probe, probe->step);
	if (probe->step == STEP_END)
		check_end(probe, true);
	else if (!step_ask(probe))
		check_end(probe, fail(probe, "the monitor is out of memory"));
}

struct probe *probe_new(struct transfers *transfers, const struct settings *settings,
	probe_ended *ended, void *owner)
{
	static const struct transfer_calls calls = {head_came, body_came, reply_came};
	struct probe *probe = calloc(1, sizeof(*probe));
	if (!probe)
		return NULL;
	probe->settings = settings;
	probe->ended = ended;
	probe->owner = owner;
	probe->transfer = transfer_new(transfers, &calls, probe);
	if (probe->transfer)
		return probe;
	free(probe);
	return NULL;
}

bool probe_start(
	struct probe *probe, const struct target *target, const uint32_t versions[TARGET_DATABASES])
{
	probe->target = target;
	probe->silent = special_find(&target->address)->kind != SPECIAL_GLOBAL;
	memcpy(probe->expected, versions, sizeof(probe->expected));
	memset(&probe->seen, 0, sizeof(probe->seen));
	probe->step = STEP_STAMP;
	probe->end_ms = uv_hrtime() / 1000000 + probe->settings->timeout * 1000ULL;
	return step_ask(probe);
}

void probe_stop(struct probe *probe)
{
	transfer_stop(probe->transfer);
}

void probe_free(struct probe *probe)
{
	if (!probe)
		return;
	transfer_free(probe->transfer);
	free(probe);
}
