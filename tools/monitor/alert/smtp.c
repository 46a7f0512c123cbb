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

/* One letter on its way: a thread's alone while it is under way. */
struct parcel {
	struct parcel *next;
	char *server, *from, *to, *copy; /* copy: NULL, or who gets it, too */
	char *text;
	size_t size, sent;
	bool summary;
	bool good, refused; /* refused: there is one whom the server does not take it for */
	char why[CURL_ERROR_SIZE];
	const atomic_bool *leaving;
};

struct alert_post {
	uv_loop_t *loop;
	alert_posted *posted;
	void *owner;
	struct parcel *first, **last; /* the first is under way */
	size_t waiting;
	uv_work_t work;
	bool working;
	atomic_bool leaving;
};

static void next_post(struct alert_post *post);

/* --- on a thread of libuv's pool --- */

static size_t text_read(char *octets, size_t size, size_t count, void *owner)
{
	struct parcel *parcel = owner;
	size_t room = size * count, left = parcel->size - parcel->sent;
	size_t step = left < room ? left : room;
	memcpy(octets, parcel->text + parcel->sent, step);
	parcel->sent += step;
	return step;
}

static int goes_on(void *owner, curl_off_t down, curl_off_t downs, curl_off_t up, curl_off_t ups)
{
	const struct parcel *parcel = owner;
	(void)down, (void)downs, (void)up, (void)ups;
	return atomic_load(parcel->leaving);
}

static void options_set(CURL *curl, struct parcel *parcel, struct curl_slist *to)
{
	curl_easy_setopt(curl, CURLOPT_URL, parcel->server);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)POST_SECONDS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, parcel->why);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, parcel->from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, text_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, parcel);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)parcel->size);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, goes_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, parcel);
}

/* `second` may be NULL. */
static bool parcel_send(struct parcel *parcel, const char *first, const char *second)
{
	long status = 0;
	CURLcode result = CURLE_OUT_OF_MEMORY;
	CURL *curl = curl_easy_init();
	struct curl_slist *to = curl_slist_append(NULL, first), *more = to;
	if (to && second)
		more = curl_slist_append(to, second);
	parcel->sent = 0;
	parcel->why[0] = '\0';
	if (curl && more) {
		options_set(curl, parcel, to);
		result = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	if (result != CURLE_OK && !parcel->why[0])
		snprintf(parcel->why, sizeof(parcel->why), "%s", curl_easy_strerror(result));
	parcel->refused = result != CURLE_OK && status >= STATUS_REFUSED && parcel->sent == 0;
	curl_slist_free_all(to);
	curl_easy_cleanup(curl);
	return result == CURLE_OK;
}

static void post_work(uv_work_t *work)
{
	struct alert_post *post = work->data;
	struct parcel *parcel = post->first;
	parcel->good = parcel_send(parcel, parcel->to, parcel->copy);
}

/* --- on the loop's thread --- */

static void parcel_free(struct parcel *parcel)
{
	if (!parcel)
		return;
	free(parcel->server);
	free(parcel->from);
	free(parcel->to);
	free(parcel->copy);
	free(parcel->text);
	free(parcel);
}

static struct parcel *parcel_take(struct alert_post *post)
{
	struct parcel *parcel = post->first;
	post->first = parcel->next;
	if (!post->first)
		post->last = &post->first;
	post->waiting--;
	return parcel;
}

static void post_end(struct alert_post *post)
{
	while (post->first)
		parcel_free(parcel_take(post));
	free(post);
	curl_global_cleanup();
}

static void post_worked(uv_work_t *work, int status)
{
	struct alert_post *post = work->data;
	struct parcel *parcel = post->first;
	post->working = false;
	if (atomic_load(&post->leaving)) {
		post_end(post);
		return;
	}
	if (status < 0)
		snprintf(parcel->why, sizeof(parcel->why), "%s", uv_strerror(status));
	if (!parcel->good)
		log_line(LOG_LEVEL_WARNING, "A mail was not sent: %s to=%s", parcel->why,
			parcel->to); /* the server's URL may have a password */
	if (!parcel->good && parcel->refused && parcel->copy) {
		/* One address that is no more must not keep the team from its copy. */
		post->posted(post->owner, false, false);
		free(parcel->to);
		parcel->to = parcel->copy;
		parcel->copy = NULL;
	} else {
		parcel_take(post);
		post->posted(post->owner, parcel->good, parcel->summary);
		parcel_free(parcel);
	}
	next_post(post);
}

static void next_post(struct alert_post *post)
{
	if (!post->first || post->working)
		return;
	post->working = true;
	post->work.data = post;
	uv_queue_work(post->loop, &post->work, post_work, post_worked);
}

/* --- from outside --- */

struct alert_post *alert_post_new(uv_loop_t *loop, alert_posted *posted, void *owner)
{
	struct alert_post *post = calloc(1, sizeof(*post));
	if (!post || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(post);
		return NULL;
	}
	post->loop = loop;
	post->posted = posted;
	post->owner = owner;
	post->last = &post->first;
	atomic_init(&post->leaving, false);
	return post;
}

static char *mail_copy(const struct mailbox *address)
{
	char *copy = NULL;
	return asprintf(&copy, "<%s>", address->mail) < 0 ? NULL : copy;
}

static struct parcel *parcel_new(const struct alert_parcel *wanted)
{
	const struct alert_letter *letter = wanted->letter;
	struct parcel *parcel = calloc(1, sizeof(*parcel));
	if (!parcel)
		return NULL;
	parcel->server = strdup(wanted->server);
	parcel->from = mail_copy(letter->from);
	parcel->to = mail_copy(letter->to);
	parcel->copy = letter->copy ? mail_copy(letter->copy) : NULL;
	parcel->text = alert_letter_write(letter, &parcel->size);
	parcel->summary = wanted->summary;
	if (parcel->server && parcel->from && parcel->to && parcel->text &&
		(parcel->copy || !letter->copy))
		return parcel;
	parcel_free(parcel);
	return NULL;
}

bool alert_post_add(struct alert_post *post, const struct alert_parcel *wanted)
{
	struct parcel *parcel = post->waiting < WAITING_MAX ? parcel_new(wanted) : NULL;
	if (!parcel)
		return false;
	parcel->leaving = &post->leaving;
	*post->last = parcel;
	post->last = &parcel->next;
	post->waiting++;
	next_post(post);
	return true;
}

bool alert_post_busy(const struct alert_post *post)
{
	return post->waiting > 0;
}

void alert_post_free(struct alert_post *post)
{
	if (!post)
		return;
	atomic_store(&post->leaving, true);
	if (!post->working)
		post_end(post);
}
