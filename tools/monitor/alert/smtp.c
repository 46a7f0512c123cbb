#include "tools/monitor/alert/smtp.h"

#include "dns/base/log.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
	WAITING_MAX = 64,
	CONNECT_SECONDS = 10,
	POST_SECONDS = 30,
	STATUS_REFUSED = 500, /* RFC 5321 4.2.1: from here on it is for good */
};

/* One message on its way: a thread's alone while it is under way. */
struct queued {
	struct queued *next;
	char *server, *header, *body;
	char from[MAILBOX_MAX + 1], to[MAILBOX_MAX + 1];
	char copy[MAILBOX_MAX + 1]; /* "": nobody gets it, too */
	bool summary;
	bool good, refused; /* refused: there is one whom the server does not take it for */
	char why[CURL_ERROR_SIZE];
	const atomic_bool *leaving;
};

struct smtp {
	uv_loop_t *loop;
	smtp_sent *sent;
	void *owner;
	struct queued *first, **last; /* the first is under way */
	size_t waiting;
	uv_work_t work;
	bool working;
	atomic_bool leaving;
};

static void next_send(struct smtp *smtp);

/* --- on a thread of libuv's pool --- */

static int goes_on(void *owner, curl_off_t down, curl_off_t downs, curl_off_t up, curl_off_t ups)
{
	const struct queued *queued = owner;
	(void)down, (void)downs, (void)up, (void)ups;
	return atomic_load(queued->leaving);
}

static void options_set(CURL *curl, struct queued *queued)
{
	curl_easy_setopt(curl, CURLOPT_URL, queued->server);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)POST_SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, queued->why);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, queued->from);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, goes_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, queued);
}

/* The header's lines are one text for libcurl, which sends it as it is. */
static bool mail_set(CURL *curl, const struct queued *queued, curl_mime *mime,
	struct curl_slist **header, struct curl_slist **to)
{
	curl_mimepart *part = curl_mime_addpart(mime);
	struct curl_slist *more = *to = curl_slist_append(NULL, queued->to);
	*header = curl_slist_append(NULL, queued->header);
	if (more && queued->copy[0])
		more = curl_slist_append(more, queued->copy);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, *to);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *header);
	curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
	return more && *header &&
	       curl_mime_data(part, queued->body, CURL_ZERO_TERMINATED) == CURLE_OK &&
	       curl_mime_type(part, "text/plain; charset=utf-8") == CURLE_OK &&
	       curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
}

static bool queued_send(struct queued *queued)
{
	long status = 0;
	curl_off_t sent = 0;
	CURLcode result = CURLE_OUT_OF_MEMORY;
	CURL *curl = curl_easy_init();
	curl_mime *mime = curl ? curl_mime_init(curl) : NULL;
	struct curl_slist *header = NULL, *to = NULL;
	queued->why[0] = '\0';
	if (mime && mail_set(curl, queued, mime, &header, &to)) {
		options_set(curl, queued);
		result = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		curl_easy_getinfo(curl, CURLINFO_SIZE_UPLOAD_T, &sent);
	}
	if (result != CURLE_OK && !queued->why[0])
		snprintf(queued->why, sizeof(queued->why), "%s", curl_easy_strerror(result));
	queued->refused = result != CURLE_OK && status >= STATUS_REFUSED && sent == 0;
	curl_slist_free_all(header);
	curl_slist_free_all(to);
	curl_mime_free(mime);
	curl_easy_cleanup(curl);
	return result == CURLE_OK;
}

static void smtp_work(uv_work_t *work)
{
	struct smtp *smtp = work->data;
	struct queued *queued = smtp->first;
	queued->good = queued_send(queued);
}

/* --- on the loop's thread --- */

static void queued_free(struct queued *queued)
{
	free(queued->server);
	free(queued->header);
	free(queued->body);
	free(queued);
}

static struct queued *queued_take(struct smtp *smtp)
{
	struct queued *queued = smtp->first;
	smtp->first = queued->next;
	if (!smtp->first)
		smtp->last = &smtp->first;
	smtp->waiting--;
	return queued;
}

static void smtp_end(struct smtp *smtp)
{
	while (smtp->first)
		queued_free(queued_take(smtp));
	free(smtp);
	curl_global_cleanup();
}

static void smtp_worked(uv_work_t *work, int status)
{
	struct smtp *smtp = work->data;
	struct queued *queued = smtp->first;
	smtp->working = false;
	if (atomic_load(&smtp->leaving)) {
		smtp_end(smtp);
		return;
	}
	if (status < 0)
		snprintf(queued->why, sizeof(queued->why), "%s", uv_strerror(status));
	if (!queued->good)
		log_line(LOG_LEVEL_WARNING, "Mail not sent: %s to=%s", queued->why,
			queued->to); /* the server's URL may have a password */
	if (!queued->good && queued->refused && queued->copy[0]) {
		/* One address that is no more must not keep the team from its copy. */
		smtp->sent(smtp->owner, false, false);
		memcpy(queued->to, queued->copy, sizeof(queued->to));
		queued->copy[0] = '\0';
	} else {
		queued_take(smtp);
		smtp->sent(smtp->owner, queued->good, queued->summary);
		queued_free(queued);
	}
	next_send(smtp);
}

static void next_send(struct smtp *smtp)
{
	if (!smtp->first || smtp->working)
		return;
	smtp->working = true;
	smtp->work.data = smtp;
	uv_queue_work(smtp->loop, &smtp->work, smtp_work, smtp_worked);
}

/* --- from outside --- */

struct smtp *smtp_new(uv_loop_t *loop, smtp_sent *sent, void *owner)
{
	struct smtp *smtp = calloc(1, sizeof(*smtp));
	if (!smtp || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(smtp);
		return NULL;
	}
	smtp->loop = loop;
	smtp->sent = sent;
	smtp->owner = owner;
	smtp->last = &smtp->first;
	atomic_init(&smtp->leaving, false);
	return smtp;
}

static struct queued *queued_new(const struct smtp_message *wanted)
{
	const struct message *message = wanted->message;
	struct queued *queued = calloc(1, sizeof(*queued));
	if (!queued)
		return NULL;
	queued->server = strdup(wanted->server);
	queued->header = message_header(message);
	queued->body = message_body(message);
	memcpy(queued->from, message->from->mail, sizeof(queued->from));
	memcpy(queued->to, message->to->mail, sizeof(queued->to));
	if (message->copy)
		memcpy(queued->copy, message->copy->mail, sizeof(queued->copy));
	queued->summary = wanted->summary;
	if (queued->server && queued->header && queued->body)
		return queued;
	queued_free(queued);
	return NULL;
}

bool smtp_add(struct smtp *smtp, const struct smtp_message *wanted)
{
	struct queued *queued = smtp->waiting < WAITING_MAX ? queued_new(wanted) : NULL;
	if (!queued)
		return false;
	queued->leaving = &smtp->leaving;
	*smtp->last = queued;
	smtp->last = &queued->next;
	smtp->waiting++;
	next_send(smtp);
	return true;
}

bool smtp_busy(const struct smtp *smtp)
{
	return smtp->waiting > 0;
}

void smtp_free(struct smtp *smtp)
{
	if (!smtp)
		return;
	atomic_store(&smtp->leaving, true);
	if (!smtp->working)
		smtp_end(smtp);
}
