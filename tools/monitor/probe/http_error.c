#include "tools/monitor/probe/http_error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	TOO_LARGE = 100, /* CURLE_TOO_LARGE, which libcurl has from 8.6 on */
	CERTIFICATE_EARLY = 9, /* X509_V_ERR_CERT_NOT_YET_VALID */
	CERTIFICATE_ENDED = 10, /* X509_V_ERR_CERT_HAS_EXPIRED */
};

/* "connect: connection refused" */
static void error_write(const char *doing, const char *text, char *why)
{
	snprintf(why, TRANSFER_WHY_MAX, "%s: %c%s", doing, tolower((unsigned char)text[0]),
		text + 1);
}

static void connect_write(CURL *easy, char *why)
{
	long number = 0;
	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
	error_write("connect", number ? strerror((int)number) : "failed", why);
}

/* libcurl says "Recv failure: Connection reset by peer". */
static void broken_write(CURL *easy, const char *error, char *why)
{
	long headers = 0;
	const char *text = strstr(error, ": ");
	curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &headers);
	error_write(headers ? "incomplete reply" : "no reply",
		text && text[2] ? text + 2 : "the connection was closed", why);
}

/* libcurl says "Could not resolve host: a.example". */
static void unresolved_write(const char *error, char *why)
{
	const char *host = strstr(error, ": ");
	snprintf(why, TRANSFER_WHY_MAX, "resolve: no address found%s%s", host ? " for " : "",
		host ? host + 2 : "");
}

/* libcurl says "error:0A00010B:SSL routines::wrong version number", or "OpenSSL SSL_connect:
 * Connection reset by peer in connection to a.example:443 ". */
static void handshake_write(const char *error, char *why)
{
	static const char lead[] = "SSL_connect: ";
	const char *routines = strstr(error, "routines::"), *call = strstr(error, lead);
	const char *text = routines ? strchr(routines, ':') + 2
			   : call   ? call + sizeof(lead) - 1
				    : "";
	const char *end = strstr(text, " in connection to ");
	int size = (int)(end ? (size_t)(end - text) : strlen(text));
	if (strstr(text, "wrong version number"))
		snprintf(
			why, TRANSFER_WHY_MAX, "TLS: the reply is none: does the port speak HTTP?");
	else
		snprintf(why, TRANSFER_WHY_MAX, "TLS: the handshake failed%s%.*s", size ? ": " : "",
			size, text);
}

/* What it says of the chain is OpenSSL's; of the name it would quote the certificate. */
static void certificate_write(CURL *easy, const char *error, char *why)
{
	long number = 0;
	static const char lead[] = "SSL certificate problem: ";
	const char *text = strncmp(error, lead, sizeof(lead) - 1) == 0
				   ? error + sizeof(lead) - 1
				   : "it is not for the name of this host";
	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &number);
	if (number == CERTIFICATE_ENDED)
		text = "it has expired";
	else if (number == CERTIFICATE_EARLY)
		text = "it is not valid yet";
	snprintf(why, TRANSFER_WHY_MAX, "certificate: %s", text);
}

static void timeout_write(CURL *easy, uint32_t seconds, char *why)
{
	long asked = 0, headers = 0, port = 0; /* port: of our end, from the connect on */
	/* microseconds, at least one, for an address too */
	curl_off_t resolved = 0;
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &asked);
	curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &headers);
	snprintf(why, TRANSFER_WHY_MAX,
		!resolved ? "resolve: timed out after %u s"
		: !asked  ? (port ? "TLS: timed out after %u s" : "connect: timed out after %u s")
		: headers ? "the reply did not end within %u s"
			  : "no reply within %u s",
		seconds);
}

static void partial_write(CURL *easy, char *why)
{
	curl_off_t announced = -1, came = 0;
	curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &came);
	if (announced >= 0)
		snprintf(why, TRANSFER_WHY_MAX, "incomplete reply: %lld octets of %lld",
			(long long)came, (long long)announced);
	else
		snprintf(why, TRANSFER_WHY_MAX, "incomplete reply: %lld octets", (long long)came);
}

/* libcurl's own words may have octets of the server's in them. */
static void words_write(CURLcode code, const char *error, char *why)
{
	const char *text = error[0] ? error : curl_easy_strerror(code);
	size_t i = 0;
	for (; text[i] && i < TRANSFER_WHY_MAX - 1; i++)
		why[i] = (char)(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
	why[i] = '\0';
}

void transfer_why(CURL *easy, CURLcode code, uint32_t limit_seconds, const char *error,
	char why[TRANSFER_WHY_MAX])
{
	const char *text = NULL;
	switch ((int)code) {
	case CURLE_COULDNT_CONNECT:
		connect_write(easy, why);
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
		unresolved_write(error, why);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		timeout_write(easy, limit_seconds, why);
		return;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		broken_write(easy, error, why);
		return;
	case CURLE_SSL_CONNECT_ERROR:
		handshake_write(error, why);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		certificate_write(easy, error, why);
		return;
	case CURLE_SSL_CACERT_BADFILE:
		text = "certificate: those that this machine trusts cannot be read";
		break;
	case CURLE_PARTIAL_FILE:
		partial_write(easy, why);
		return;
	case CURLE_GOT_NOTHING:
		text = "no reply: the connection was closed";
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		text = "the reply is not HTTP: is the port used by TLS or another service?";
		break;
	case CURLE_OUT_OF_MEMORY: /* what libcurl says of a line over 100 KB, too */
	case TOO_LARGE:
		text = "a header line without an end, or out of memory";
		break;
	}
	if (text)
		snprintf(why, TRANSFER_WHY_MAX, "%s", text);
	else
		words_write(code, error, why);
}
