#include "dns/base/log.h"
#include "dns/control/takeover_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note_name(char name[KEEP_PATH_MAX], const struct config *config)
{
	snprintf(name, KEEP_PATH_MAX, "%s/control.path", config->state_dir);
}

bool takeover_path_read(const struct config *config, char path[CONTROL_PATH_MAX])
{
	char name[KEEP_PATH_MAX];
	struct file file;
	note_name(name, config);
	if (!keep_read(config, &file, name, CONTROL_PATH_MAX))
		return false;
	size_t size = strcspn(file.bytes, "\n");
	bool good = size > 0 && size < CONTROL_PATH_MAX;
	if (good)
		snprintf(path, CONTROL_PATH_MAX, "%.*s", (int)size, file.bytes);
	free(file.bytes);
	return good;
}

void takeover_path_remove(const struct config *config)
{
	char name[KEEP_PATH_MAX];
	note_name(name, config);
	unlink(name);
}

/* The next server may be started in another folder. */
void takeover_path_write(const struct config *config, const char *path)
{
	char name[KEEP_PATH_MAX], before[CONTROL_PATH_MAX], why[KEEP_PATH_MAX + 256];
	char *whole = path[0] ? realpath(path, NULL) : NULL;
	bool known = takeover_path_read(config, before);
	note_name(name, config);
	if (!whole)
		unlink(name);
	else if ((!known || strcmp(before, whole) != 0) &&
		 !keep_write(name, &(struct file){.bytes = whole, .size = strlen(whole)}, why,
			 sizeof(why)))
		log_line(LOG_LEVEL_WARNING,
			"%s; a takeover that changes `control` would not find this server", why);
	free(whole);
}
