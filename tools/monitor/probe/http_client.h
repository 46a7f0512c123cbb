/* tools/monitor/probe/http_client.h - HTTP transfers on the loop: libcurl's multi interface with
 * libuv's timer and polls.
 *
 * A transfer is one GET at a time and is used again and again. Its time, its headers and, by its
 * owner, its body are bounded whatever a server sends. No redirect is followed, no proxy is taken
 * from the environment. A certificate must be the URL's host's, and be signed by whom the system
 * trusts, or the file that SSL_CERT_FILE names. */
#ifndef TOOLS_MONITOR_PROBE_HTTP_CLIENT_H
#define TOOLS_MONITOR_PROBE_HTTP_CLIENT_H

#include "tools/monitor/probe/http_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum {
	TRANSFER_FIELD_MAX = 128,
	TRANSFER_HOST_MAX = 1024,
	TRANSFER_HEAD_MAX = 16384 /* octets */
};

struct transfers;
struct transfer;

/* The texts are read during transfer_start. */
struct transfer_ask {
	const char *url;
	bool secure; /* https:// is fine, too */
	/* "[2001:db8::1]:443", where it connects to whatever host the URL has; NULL: as in the
	 * URL */
	const char *connect;
	bool fresh; /* over a connection of its own, never one from before */
	const char *host; /* the Host: header; NULL: as in the URL */
	const char *range; /* "0-511"; NULL: all of it */
	uint32_t limit_seconds; /* for sentences: what the owner's whole time is */
	uint32_t left_milliseconds; /* of it, for this transfer */
	uint64_t most; /* octets that may come over its connection, whatever they are */
	bool silent; /* sentences quote nothing of what came */
	bool last; /* nothing follows: the connection is closed behind it */
};

enum transfer_end {
	TRANSFER_WHOLE,
	TRANSFER_LEFT, /* head or take wanted no more */
	TRANSFER_FAILED
};

struct transfer_reply {
	enum transfer_end end;
	long status; /* 0: none came */
	uint32_t milliseconds; /* from the connect on */
	/* when the server's certificate ends, Unix seconds; 0: there was none, or it was seen
	 * before */
	int64_t expires;
	/* headers, cut to their room; "": not there */
	char date[TRANSFER_FIELD_MAX], modified[TRANSFER_FIELD_MAX], location[TRANSFER_FIELD_MAX];
	char why[TRANSFER_WHY_MAX]; /* failed: "connect: connection refused" */
};

/* Neither head nor take may call anything of this room. */
struct transfer_calls {
	/* The headers are here. False: that is all that is wanted. */
	bool (*head)(void *owner, long status);
	/* Some of the body. False: no more of it. NULL: the headers are enough. */
	bool (*take)(void *owner, const char *octets, size_t size);
	/* It has ended, and may be started again. */
	void (*done)(void *owner, const struct transfer_reply *reply);
};

/* What a transfer goes through, for somebody who looks on: connected; TLS is spoken, `text` says
 * which; what was sent, as it was; one header that came. `text` is `size` octets. */
enum trace_kind { TRACE_CONNECTED, TRACE_SECURED, TRACE_SENT, TRACE_CAME };
typedef void transfer_trace(void *owner, enum trace_kind kind, const char *text, size_t size);

/* NULL: no memory, or libcurl refuses. */
struct transfers *transfers_new(uv_loop_t *loop, unsigned connections);
/* Its transfers must be gone; the loop must run once more. NULL: nothing. */
void transfers_free(struct transfers *transfers);

/* Transfers that are made from now on are told of. */
void transfers_trace(struct transfers *transfers, transfer_trace *trace, void *owner);

/* `calls` must outlive it. NULL: no memory. */
struct transfer *transfer_new(
	struct transfers *transfers, const struct transfer_calls *calls, void *owner);
/* False: no memory; nothing has begun. */
bool transfer_start(struct transfer *transfer, const struct transfer_ask *ask);
/* Gives it up without a word; nothing where it has not begun. */
void transfer_stop(struct transfer *transfer);
/* NULL: nothing. */
void transfer_free(struct transfer *transfer);

#endif
