/* dns/control/control_path.h - the file of the control socket: its owner and mode, and where the
 * last server of a state-dir had it, for a takeover that changes `control`. */
#ifndef DNS_CONTROL_CONTROL_PATH_H
#define DNS_CONTROL_CONTROL_PATH_H

#include "dns/config/config.h"

enum { CONTROL_PATH_MAX = 108 }; /* sun_path */

/* The file of a bound socket: removed at the end, if it is still the same. */
struct control_file {
	char path[CONTROL_PATH_MAX];
	dev_t device;
	ino_t inode;
};

/* A bound socket with mode 0660 for `user` (-1: the present one) and the group `control-group`. A
 * missing folder is made and given to the user; a file that no server listens on is taken over. -1:
 * one sentence. */
int control_bind(const struct config *config, struct control_file *file, const uid_t owner[2],
	char *why, size_t size);
/* A bound socket that was handed over: its file, which gets owner and group as control_bind gives
 * them. False: one sentence, it can be used all the same. */
bool control_adopt(const struct config *config, struct control_file *file, int fd,
	const uid_t owner[2], char *why, size_t size);
/* The file that is there now. */
void control_file_note(struct control_file *file, const char *path);
void control_file_remove(const struct control_file *file);

/* `path` "": no client can connect. A failure is logged. */
void takeover_path_write(const struct config *config, const char *path);
/* False: it is not known. */
bool takeover_path_read(const struct config *config, char path[CONTROL_PATH_MAX]);
void takeover_path_remove(const struct config *config);

#endif
