#include "tools/monitor/page/parts.h"

enum {
	DAY_STEP = 3, /* a bar of 2 units and a gap of 1, as the style's dashes are */
	HOUR_STEP = 2,
	HEIGHT = 14, /* of both, in units */
	SCALE_LEAST = 50 /* milliseconds: smaller times look calm */
};

/* How high a day's bar is says the same as its colour. */
static const struct day_class {
	const char *name;
	double least; /* availability from which it holds; below 0: nothing is known */
	int height;
} classes[] = {{"g", 0.99, 14}, {"p", 0.5, 9}, {"b", 0, 5}, {"n", -1, 1}};

enum { CLASSES = sizeof(classes) / sizeof(*classes) };

static unsigned class_of(double share)
{
	unsigned class = 0;
	while (share < classes[class].least)
		class ++;
	return class;
}

/* One path for all days of a class: each run of them is one dashed line. */
static void class_add(struct html *html, const unsigned found[TARGET_DAYS], unsigned class)
{
	bool any = false;
	for (size_t i = 0; i < TARGET_DAYS;) {
		size_t from = i;
		while (i < TARGET_DAYS && found[i] == class)
			i++;
		if (i == from) {
			i++;
			continue;
		}
		if (!any)
			html_format(html, "<path class=%s d=\"", classes[class].name);
		any = true;
		html_format(html, "M%zu %gh%zu", from * DAY_STEP,
			HEIGHT - classes[class].height / 2.0, (i - from) * DAY_STEP - 1);
	}
	if (any)
		html_add(html, "\"/>");
}

void html_days(struct html *html, const struct target_span *days, int64_t now)
{
	unsigned found[TARGET_DAYS], known = 0;
	double sum = 0;
	for (int i = 0; i < TARGET_DAYS; i++) {
		const struct target_span *day =
			target_span_find(days, TARGET_DAYS, now / 86400 - TARGET_DAYS + 1 + i);
		double share = day ? (double)day->good / day->checks : -1;
		found[i] = class_of(share);
		known += day != NULL;
		sum += day ? share : 0;
	}
	if (!known) {
		html_add(html, "<span class=q>no data</span>");
		return;
	}
	html_add(html, "<svg role=none>");
	for (unsigned class = 0; class < CLASSES; class ++)
		class_add(html, found, class);
	/* Cut off, not rounded: 100 % is said of nothing less. */
	unsigned thousandths = (unsigned)(sum / known * 1000 + 1e-6);
	html_format(html, "</svg>%.4g %%", thousandths / 10.0);
}

/* --- response times --- */

struct line {
	int points[TARGET_HOURS]; /* units from the top; -1: nothing is known */
	size_t count;
	unsigned step; /* units from one to the next */
};

/* The mean of `step` hours from `first` on; -1: none of them is known. */
static double mean_of(const struct target_span *hours, int64_t first, unsigned step)
{
	double sum = 0;
	unsigned known = 0;
	for (int64_t number = first; number < first + step; number++) {
		const struct target_span *hour = target_span_find(hours, TARGET_HOURS, number);
		if (!hour || !hour->good)
			continue;
		known++;
		sum += (double)(hour->milliseconds / hour->good);
	}
	return known ? sum / known : -1;
}

static struct line line_make(const struct target_span *hours, int64_t first, unsigned step)
{
	struct line line = {.count = 0, .step = HOUR_STEP * step};
	double means[TARGET_HOURS], most = SCALE_LEAST;
	for (; (line.count + 1) * step <= TARGET_HOURS; line.count++) {
		means[line.count] = mean_of(hours, first + (int64_t)line.count * step, step);
		most = means[line.count] > most ? means[line.count] : most;
	}
	for (size_t i = 0; i < line.count; i++) {
		int up = (int)(means[i] / most * (HEIGHT - 2) + 0.5);
		line.points[i] = means[i] < 0 ? -1 : HEIGHT - 1 - up;
	}
	return line;
}

/* Is every point between two so near to the straight line that leaving it out is not seen? */
static bool is_straight(const struct line *line, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		double share = (double)(i - from) / (double)(to - from);
		double straight =
			line->points[from] + share * (line->points[to] - line->points[from]);
		double apart = straight - line->points[i];
		if (apart > 1.1 || apart < -1.1)
			return false;
	}
	return true;
}

/* The line from one known hour on, to the next that is unknown; returns where that is. */
static size_t run_add(struct html *html, const struct line *line, size_t from)
{
	size_t at = from;
	html_format(html, "M%zu %d", from * line->step, line->points[from]);
	while (at + 1 < line->count && line->points[at + 1] >= 0) {
		size_t to = at + 1;
		while (to + 1 < line->count && line->points[to + 1] >= 0 &&
			is_straight(line, at, to + 1))
			to++;
		int down = line->points[to] - line->points[at];
		/* A minus sign keeps numbers apart, too. */
		html_format(html, "%s%zu%s%d", at == from ? "l" : " ", (to - at) * line->step,
			down < 0 ? "" : " ", down);
		at = to;
	}
	if (at == from)
		html_add(html, "h0"); /* a dot, by the round end of the line */
	return at + 1;
}

void html_hours(struct html *html, const struct target_span *hours, int64_t now, unsigned step)
{
	struct line line = line_make(hours, now / 3600 - TARGET_HOURS + 1, step);
	bool any = false;
	for (size_t i = 0; i < line.count;) {
		if (line.points[i] < 0) {
			i++;
			continue;
		}
		if (!any)
			html_add(html, "<svg role=none><path d=\"");
		any = true;
		i = run_add(html, &line, i);
	}
	if (any)
		html_add(html, "\"/></svg>");
}
