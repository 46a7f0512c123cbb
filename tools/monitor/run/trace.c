#include "tools/monitor/run/trace.h"

#include "dns/base/exit.h"
#include "dns/base/log.h"
#include "geo/country.h"
#include "geo/stamp.h"
#include "tools/monitor/config/hostname.h"
#include "tools/monitor/config/list.h"
#include "tools/monitor/probe/probe.h"
#include "tools/monitor/run/loop.h"
#include "tools/monitor/state/transition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct trace {
	uv_loop_t loop;
	const struct settings *settings;
	struct transfers *transfers;
	struct probe *probe;
	struct target *target; /* under check */
	uint32_t versions[TARGET_DATABASES]; /* announced; all 0: not checked */
	uint64_t begun; /* of the present step, by uv_hrtime */
	bool ended; /* what is waited for has come */
	bool failed; /* any address so far */
};

/* --- what goes over the wire --- */

static void line_print(const char *mark, const char *text, size_t size)
{
	printf("  %s ", mark);
	for (size_t i = 0; i < size; i++)
		putchar(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
	putchar('\n');
}

/* The headers that a verdict or its reason can depend on, and the status. */
static bool is_telling(const char *line, size_t size)
{
	static const char *const names[] = {"HTTP/",
		"Date:", "Last-Modified:", "Location:", "Content-Type:", "Content-Length:",
		"Content-Range:", "Transfer-Encoding:", "Server:", "Age:", "Via:", "Retry-After:"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i]);
		if (size >= length && strncasecmp(line, names[i], length) == 0)
			return true;
	}
	return false;
}

static void traced(void *owner, enum trace_kind kind, const char *text, size_t size)
{
	struct trace *trace = owner;
	uint64_t now = uv_hrtime();
	double milliseconds = (double)(now - trace->begun) / 1e6;
	while (kind != TRACE_SENT && size && strchr("\r\n", text[size - 1]))
		size--;
	switch (kind) {
	case TRACE_CONNECTED:
		printf("  connect      %.0f ms\n", milliseconds);
		break;
	case TRACE_SECURED:
		printf("  TLS          %.*s, %.0f ms\n", (int)size, text, milliseconds);
		break;
	case TRACE_SENT:
		for (size_t at = 0, end; at < size; at = end + 1) {
			for (end = at; end < size && text[end] != '\n'; end++)
				;
			if (end > at + 1)
				line_print(">", text + at, end - at - (text[end - 1] == '\r'));
		}
		break;
	case TRACE_CAME:
		if (is_telling(text, size))
			line_print("<", text, size);
		break;
	}
	trace->begun = now;
}

/* --- what comes of it --- */

static void versions_print(const struct trace *trace)
{
	static const char *const names[TARGET_DATABASES] = {"main", "daily", "bytecode"};
	for (size_t i = 0; i < TARGET_DATABASES; i++) {
		uint32_t found = trace->target->versions[i];
		if (found)
			printf("  %-12s version %" PRIu32 ", %" PRIu32 " is announced\n", names[i],
				found, trace->versions[i]);
		else if (trace->versions[i] && !trace->target->fault[0])
			printf("  %-12s not there, %" PRIu32 " is announced\n", names[i],
				trace->versions[i]);
	}
}

static void facts_print(const struct trace *trace, const struct observation *seen, int64_t now)
{
	char at[STAMP_TEXT_MAX], span[TRANSITION_SPAN_MAX], limit[TRANSITION_SPAN_MAX];
	if (seen->expires)
		printf("  certificate  ends %s, in %s\n", stamp_write(seen->expires, at),
			transition_age(seen->expires - now, span));
	if (seen->stamp > now)
		printf("  timestamp    %s, %s in the future\n", stamp_write(seen->stamp, at),
			transition_age(seen->stamp - now, span));
	else if (seen->stamp)
		printf("  timestamp    %s, %s old, limit %s\n", stamp_write(seen->stamp, at),
			transition_age(now - seen->stamp, span),
			transition_span(trace->settings->old_after, limit));
	versions_print(trace);
}

static void outlook_print(const struct trace *trace, int64_t now)
{
	const struct settings *settings = trace->settings;
	const struct target *target = trace->target;
	char old[TRANSITION_SPAN_MAX], gone[TRANSITION_SPAN_MAX], at[STAMP_TEXT_MAX],
		why[TARGET_REASON_MAX];
	transition_span(settings->old_after, old);
	transition_span(settings->remove_after, gone);
	if (list_away(target->mirror, now, why, sizeof(why)))
		printf("  but          it is not served whatever checks say: %s\n", why);
	if (target->warning[0])
		printf("  warning      %s\n", target->warning);
	if (target->stale)
		printf("  outlook      old at once, removed when it has been old for %s; good again "
		       "with a timestamp younger than %s\n",
			gone, old);
	else if (target->fault[0])
		printf("  outlook      old when all checks of %s fail, removed when it has been old for "
		       "%s; good again with the next good check\n",
			old, gone);
	else if (target->stamp)
		printf("  outlook      old at %s, unless the timestamp is renewed\n",
			stamp_write(target->stamp + settings->old_after, at));
	else
		printf("  outlook      old when all checks of %s fail\n", old);
}

static void probe_told(void *owner, const struct observation *seen)
{
	struct trace *trace = owner;
	struct target *target = trace->target;
	int64_t now = time(NULL);
	transition_record(target, seen, trace->settings, false, now);
	facts_print(trace, seen, now);
	if (target->fault[0])
		printf("  verdict      failing: %s\n", target->fault);
	else
		printf("  verdict      good, in %" PRIu32 " ms\n", target->milliseconds);
	outlook_print(trace, now);
	trace->failed |= target->fault[0] != '\0';
	trace->ended = true;
}

/* --- addresses --- */

static void resolved(void *owner)
{
	((struct trace *)owner)->ended = true;
}

static void wait(struct trace *trace)
{
	while (!trace->ended)
		uv_run(&trace->loop, UV_RUN_ONCE);
}

static bool address_check(
	struct trace *trace, const struct list_mirror *mirror, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];
	trace->target = target_new(mirror, address, time(NULL));
	if (!trace->target)
		return false;
	printf("\n%s port %u\n", address_write(address, text), mirror->port);
	trace->begun = uv_hrtime();
	trace->ended = false;
	bool begun = probe_start(trace->probe, trace->target, trace->versions);
	if (begun)
		wait(trace);
	free(trace->target);
	return begun;
}

static bool addresses_check(struct trace *trace, const struct list_mirror *mirror,
	const struct address *addresses, size_t count)
{
	char text[ADDRESS_TEXT_MAX];
	bool good = true;
	printf("%s, %s (%s)\n  addresses    ", mirror->host, country_name(mirror->country),
		country_code(mirror->country));
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? ", " : "", address_write(&addresses[i], text));
	printf("%s\n", count == 0              ? "none is known: the name resolves to none"
		       : mirror->address_count ? ", from the list"
					       : ", by the name");
	trace->failed |= count == 0;
	for (size_t i = 0; good && i < count; i++)
		good = address_check(trace, mirror, &addresses[i]);
	return good;
}

/* Its addresses in the list, else those that its name has. */
static bool mirror_check(struct trace *trace, struct list_mirror *mirror)
{
	const struct mirror_list one = {.list = mirror, .count = 1};
	size_t count;
	if (mirror->address_count)
		return addresses_check(trace, mirror, mirror->addresses, mirror->address_count);
	struct resolve *resolve =
		resolve_new(&trace->loop, trace->settings->allow_private, resolved, trace);
	bool good = resolve && resolve_set(resolve, &one);
	trace->ended = false;
	if (good) {
		resolve_ask(resolve);
		wait(trace);
		const struct address *found = resolve_find(resolve, mirror->host, &count);
		good = addresses_check(trace, mirror, found, count);
	}
	resolve_free(resolve);
	return good;
}

/* --- the whole --- */

static bool trace_init(struct trace *trace, const struct settings *settings)
{
	if (uv_loop_init(&trace->loop) != 0)
		return false;
	trace->settings = settings;
	trace->transfers = transfers_new(&trace->loop, 1);
	if (!trace->transfers)
		return false;
	transfers_trace(trace->transfers, traced, trace);
	trace->probe = probe_new(trace->transfers, settings, probe_told, trace);
	return trace->probe;
}

static void trace_free(struct trace *trace)
{
	probe_free(trace->probe);
	transfers_free(trace->transfers);
	uv_run(&trace->loop, UV_RUN_DEFAULT);
	uv_loop_close(&trace->loop);
}

static int list_check(struct trace *trace, const struct mirror_list *mirror_list, const char *host)
{
	bool found = false, good = true;
	for (size_t i = 0; good && i < mirror_list->count; i++) {
		if (!host_equal(mirror_list->list[i].host, host))
			continue;
		printf("%s", found ? "\n" : "");
		found = true;
		good = mirror_check(trace, &mirror_list->list[i]);
	}
	if (!good)
		log_line(LOG_LEVEL_ERROR, "no memory for the check");
	if (!found)
		log_line(LOG_LEVEL_ERROR, "%s: no mirror has the host %s", trace->settings->mirrors,
			host);
	return !found ? STATUS_WRONG : good && !trace->failed ? STATUS_GOOD : STATUS_FAILED;
}

/* A check without them is one all the same. */
static void versions_read(struct trace *trace)
{
	char why[MONITOR_WHY_MAX];
	struct version_string record;
	if (!trace->settings->txt)
		return;
	char *text = monitor_txt_read(trace->settings, &record, why, sizeof(why));
	if (!text) {
		log_line(LOG_LEVEL_WARNING, "%s; versions are not checked", why);
		return;
	}
	const uint32_t versions[TARGET_DATABASES] = {record.versions[CVD_MAIN],
		record.versions[CVD_DAILY], record.versions[CVD_BYTECODE]};
	memcpy(trace->versions, versions, sizeof(trace->versions));
	free(text);
}

int trace_run(const char *config, const char *host)
{
	static struct trace trace; /* outlives what libuv still closes */
	char why[MONITOR_WHY_MAX];
	int status = STATUS_WRONG;
	struct settings *settings = settings_load(config, why, sizeof(why));
	struct mirror_list *mirror_list =
		settings ? monitor_list_read(settings, why, sizeof(why)) : NULL;
	if (!mirror_list) {
		log_line(LOG_LEVEL_ERROR, "%s", why);
	} else if (!trace_init(&trace, settings)) {
		log_line(LOG_LEVEL_ERROR, "the event loop cannot be set up");
		status = STATUS_FAILED;
	} else {
		versions_read(&trace);
		status = list_check(&trace, mirror_list, host);
		trace_free(&trace);
	}
	list_free(mirror_list);
	settings_free(settings);
	return status;
}
