/* dns/base/http.h - pages over HTTP: GET and HEAD alone, one request for each connection.
 *
 * libmicrohttpd serves them on one thread of its own: few connections, little memory for each, and
 * 10 s for all of it. */
#ifndef DNS_BASE_HTTP_H
#define DNS_BASE_HTTP_H

#include <stdbool.h>

struct MHD_Connection;
struct MHD_Response;
struct http;

/* One of both: */
struct http_page {
	const char *path, *type;
	/* malloc'ed, and sent without a lock of the owner's; NULL: no memory. *good false: 503; it
	 * is true before. */
	char *(*write)(void *owner, bool *good);
	/* Calls http_sheet_send, and returns what that does. */
	bool (*send)(void *owner, struct MHD_Connection *connection);
};

/* JSON that stays until the next one, and may still be sent after that. `response` NULL: there is
 * none. */
struct http_sheet {
	struct MHD_Response *response;
	char tag[24]; /* its ETag */
};

/* Takes over a malloc'ed text; none: NULL, or no memory. */
struct http_sheet http_sheet_new(char *text);
void http_sheet_free(struct http_sheet *sheet);
bool http_sheet_send(struct MHD_Connection *connection, const struct http_sheet *sheet);

/* Answers on a socket that listens, which stays the caller's. The last row has no path; `missing`
 * is the text of 404. NULL: no memory, or no thread. */
struct http *http_start(int fd, const struct http_page *pages, const char *missing, void *owner);
/* Another process that has the socket goes on listening. NULL: nothing. */
void http_stop(struct http *http);

#endif
