#include "tools/monitor/alert/alert.h"

#include "dns/base/log.h"
#include "dns/base/memory_text.h"
#include "dns/base/threads.h"
#include "tools/monitor/alert/command.h"
#include "tools/monitor/alert/smtp.h"
#include "tools/monitor/alert/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

enum {
	CHANGES_MAX = 500,
	MAILS_MAX = ALERT_HOUR_MAX, /* changes that have a mail of their own, in an hour */
	ADDRESS_MAILS_MAX = 4, /* of these, to one mirror's address */
	HOUR_MS = 3600 * 1000,
	RUN_MS = 30 * 1000, /* of the command */
	TICK_SECONDS = 60, /* the machine's clock may be set meanwhile */
	AGAIN_SECONDS = 600, /* until a summary that was not sent is tried anew */
	SUBJECT_MAX = 512
};

struct alert {
	uv_loop_t *loop;
	struct inventory *inventory;
	struct alert_command *command;
	struct smtp *smtp;
	uv_timer_t clock;
	struct alert_change changes[CHANGES_MAX]; /* since the last summary, oldest first */
	struct alert_summary next; /* of these; now: when the last one was written, sent or not */
	uint64_t number; /* of the last change */
	uint64_t told_number, told_lost, told_held; /* in the summary that is under way */
	struct alert_hour *hour;
	bool full; /* so many changes wait for the command that more are left out */
	bool summing; /* a summary is under way */
};

/* --- what became of it --- */

static void end_count(struct inventory *inventory, bool good)
{
	*(good ? &inventory->alerts_sent : &inventory->alerts_failed) += 1;
}

static void command_ran(void *owner, bool good)
{
	struct alert *alert = owner;
	end_count(alert->inventory, good);
	alert->full = alert->full && alert_command_busy(alert->command);
}

static void summary_ended(struct alert *alert, bool good)
{
	size_t told = 0;
	alert->summing = false;
	if (!good)
		return; /* the next one has all of it */
	while (told < alert->next.change_count && alert->changes[told].number <= alert->told_number)
		told++;
	alert->next.change_count -= told;
	memmove(alert->changes, alert->changes + told,
		alert->next.change_count * sizeof(*alert->changes));
	alert->next.lost -= alert->told_lost;
	alert->next.held -= alert->told_held;
	alert->next.since = alert->next.now;
	alert->next.now = 0;
}

static void mail_posted(void *owner, bool good, bool summary)
{
	struct alert *alert = owner;
	end_count(alert->inventory, good);
	if (summary)
		summary_ended(alert, good);
}

/* --- mail --- */

/* False: it has no recipient, or it cannot be sent, which a log line says. */
static bool mail_send(struct alert *alert, struct message *message, bool summary)
{
	const struct settings *settings = alert->inventory->settings;
	struct mailbox from;
	if (!mailbox_parse(settings->mail_from, &from)) {
		log_line(LOG_LEVEL_WARNING, "Mail not sent: mail-from is not a mail address");
		alert->inventory->alerts_failed++;
		return false;
	}
	message->from = &from;
	message->at = time(NULL);
	if (getrandom(&message->number, sizeof(message->number), 0) < 0)
		message->number = uv_hrtime();
	const struct smtp_message queued = {settings->smtp, message, summary};
	char why[256] = "the mail queue is full";
	if (threads_ready(why, sizeof(why)) && smtp_add(alert->smtp, &queued))
		return true;
	log_line(LOG_LEVEL_WARNING, "Mail not sent: %s to=%s", why, message->to->mail);
	alert->inventory->alerts_failed++;
	return false;
}

static void flood_begin(struct alert *alert, const struct mailbox *team)
{
	char subject[SUBJECT_MAX], body[SUBJECT_MAX];
	alert->hour->flood = true;
	log_line(LOG_LEVEL_WARNING,
		"Mail limit reached, further mails are held for the rest of the hour mails=%d",
		MAILS_MAX);
	snprintf(subject, sizeof(subject),
		"[%s mirrors] mail limit reached, further mails are held",
		alert->inventory->settings->zone);
	snprintf(body, sizeof(body),
		"The limit of %d mails per hour is reached. Further changes are not mailed until\n"
		"the hour is over; the status page and the next summary list all of them.\n",
		MAILS_MAX);
	struct message message = {.to = team, .subject = subject, .body = body};
	if (team->mail[0])
		mail_send(alert, &message, false);
}

/* Who gets it first: the mirror's people, else the team. Returns how many; 0: nobody. */
static size_t readers_find(const struct list_mirror *mirror, const struct mailbox *team,
	struct mailbox readers[MAILBOX_LIST_MAX])
{
	size_t count = mailbox_list_parse(mirror->alerts, readers);
	if (!count)
		count = mailbox_list_parse(mirror->admin, readers);
	if (count || !team->mail[0])
		return count;
	readers[0] = *team;
	return 1;
}

/* A place for one mail more. NULL: there were too many. *left: how many more to this reader, it
 * counted. */
static struct alert_mail *place_find(
	struct alert *alert, const struct mailbox *reader, unsigned *left)
{
	struct alert_mail *place = NULL;
	*left = ADDRESS_MAILS_MAX;
	for (size_t i = 0; i < MAILS_MAX; i++) {
		struct alert_mail *sent = &alert->hour->mails[i];
		if (sent->to[0] && uv_now(alert->loop) - sent->at >= HOUR_MS)
			sent->to[0] = '\0';
		if (!sent->to[0])
			place = sent;
		else if (*left && strcasecmp(sent->to, reader->mail) == 0)
			(*left)--;
	}
	return place;
}

static char *change_body(const struct alert *alert, const struct inventory_event *event,
	const struct list_mirror *mirror, bool last)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	alert_change_write(out, alert->inventory->settings, event, mirror);
	if (last)
		fprintf(out,
			"\nThis is the last of %d mails to this address within an hour.\n"
			"Later changes of that hour are on the status page only.\n",
			ADDRESS_MAILS_MAX);
	return text_end(out, &text);
}

/* `copy`: the team gets one, too. */
static void reader_mail(struct alert *alert, const struct inventory_event *event,
	const struct list_mirror *mirror, const struct mailbox *reader, bool copy)
{
	const struct settings *settings = alert->inventory->settings;
	struct mailbox team;
	char subject[SUBJECT_MAX];
	unsigned left;
	mailbox_parse(settings->mail_to, &team);
	bool to_team = strcasecmp(reader->mail, team.mail) == 0;
	struct alert_mail *place = place_find(alert, reader, &left);
	if (place)
		alert->hour->flood = false;
	else if (!alert->hour->flood)
		flood_begin(alert, &team);
	if (!place || (!left && !to_team)) {
		alert->next.held++;
		alert->inventory->alerts_held++;
		return;
	}
	char *body = change_body(alert, event, mirror, left == 1 && !to_team);
	alert_subject(settings, event, subject, sizeof(subject));
	struct message message = {.to = reader,
		.copy = copy && team.mail[0] && !to_team ? &team : NULL,
		.subject = subject,
		.body = body ? body : subject};
	if (mail_send(alert, &message, false)) {
		place->at = uv_now(alert->loop);
		memcpy(place->to, reader->mail, sizeof(place->to));
	}
	free(body);
}

/* One each, so that a mail server which refuses one address keeps it from no other. */
static void change_mail(
	struct alert *alert, const struct inventory_event *event, const struct list_mirror *mirror)
{
	struct mailbox team, readers[MAILBOX_LIST_MAX];
	mailbox_parse(alert->inventory->settings->mail_to, &team);
	size_t count = readers_find(mirror, &team, readers);
	for (size_t i = 0; i < count; i++)
		reader_mail(alert, event, mirror, &readers[i], i == 0);
}

/* --- summaries --- */

static char *summary_body(const struct alert *alert)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	alert_summary_write(out, &alert->next);
	return text_end(out, &text);
}

static void summary_send(struct alert *alert, const struct mailbox *team)
{
	char subject[SUBJECT_MAX];
	alert->next.now = time(NULL);
	char *body = summary_body(alert);
	snprintf(
		subject, sizeof(subject), "[%s mirrors] summary", alert->inventory->settings->zone);
	struct message message = {.to = team, .subject = subject, .body = body};
	if (body && mail_send(alert, &message, true)) {
		alert->summing = true;
		alert->told_number = alert->number;
		alert->told_lost = alert->next.lost;
		alert->told_held = alert->next.held;
	}
	free(body);
}

static bool wants_summary(const struct settings *settings)
{
	return settings->smtp[0] && settings->mail_to[0] && settings->digest;
}

static void clock_out(uv_timer_t *clock);

static void clock_start(struct alert *alert)
{
	int64_t digest = alert->inventory->settings->digest, left = TICK_SECONDS;
	if (digest && digest - time(NULL) % digest < left)
		left = digest - time(NULL) % digest;
	uv_timer_start(&alert->clock, clock_out, (uint64_t)left * 1000, 0);
}

/* At each multiple of `digest` since 1970, so that restarts change nothing. */
static void clock_out(uv_timer_t *clock)
{
	struct alert *alert = clock->data;
	const struct settings *settings = alert->inventory->settings;
	struct mailbox team;
	int64_t now = time(NULL), digest = settings->digest;
	if (now < alert->next.since || now < alert->next.now) /* the clock was put back */
		alert->next.since = now, alert->next.now = 0;
	bool due = wants_summary(settings) && now / digest > alert->next.since / digest;
	if (due && !alert->summing && now - alert->next.now >= AGAIN_SECONDS &&
		mailbox_parse(settings->mail_to, &team))
		summary_send(alert, &team);
	clock_start(alert);
}

/* --- from outside --- */

struct alert *alert_new(uv_loop_t *loop, struct inventory *inventory, struct alert_hour *hour)
{
	struct alert *alert = calloc(1, sizeof(*alert));
	if (!alert)
		return NULL;
	alert->loop = loop;
	alert->inventory = inventory;
	alert->hour = hour;
	int64_t now = time(NULL);
	alert->next = (struct alert_summary){
		.inventory = inventory, .changes = alert->changes, .since = now, .started = now};
	if (inventory->settings->digest)
		alert->next.since -= now % inventory->settings->digest;
	alert->command = alert_command_new(loop, RUN_MS, command_ran, alert);
	alert->smtp = smtp_new(loop, mail_posted, alert);
	if (!alert->command || !alert->smtp) {
		alert_command_free(alert->command);
		smtp_free(alert->smtp);
		free(alert);
		return NULL;
	}
	alert->clock.data = alert;
	uv_timer_init(loop, &alert->clock);
	uv_unref((uv_handle_t *)&alert->clock);
	clock_start(alert);
	return alert;
}

static void change_keep(struct alert *alert, const struct inventory_event *event)
{
	if (alert->next.change_count == CHANGES_MAX) {
		alert->next.lost++;
		alert->next.change_count--;
		memmove(alert->changes, alert->changes + 1,
			alert->next.change_count * sizeof(*alert->changes));
	}
	alert->changes[alert->next.change_count++] =
		(struct alert_change){.number = ++alert->number, .event = *event};
}

void alert_send(
	struct alert *alert, const struct inventory_event *event, const struct list_mirror *mirror)
{
	const struct settings *settings = alert->inventory->settings;
	if (wants_summary(settings))
		change_keep(alert, event);
	if (settings->alert[0] &&
		!alert_command_add(alert->command, settings->alert, alert_json(event, mirror))) {
		if (!alert->full)
			log_line(LOG_LEVEL_WARNING,
				"Alert queue full: "
				"some changes are not passed to the alert command command=%s",
				settings->alert);
		alert->full = true;
		alert->inventory->alerts_held++;
	}
	if (settings->smtp[0] && !event->first)
		change_mail(alert, event, mirror);
}

bool alert_busy(const struct alert *alert)
{
	return alert_command_busy(alert->command) || smtp_busy(alert->smtp);
}

static void clock_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void alert_free(struct alert *alert)
{
	if (!alert)
		return;
	alert_command_free(alert->command);
	smtp_free(alert->smtp);
	uv_close((uv_handle_t *)&alert->clock, clock_closed);
}
