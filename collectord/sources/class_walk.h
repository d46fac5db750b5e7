/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: collectord.  Small files of /sys that are found by walking through
 * a directory of numbered devices: the walk is made once and again now and
 * then, or when a file has gone; the first files are kept open in between.
 */
#ifndef SLUICE_SOURCES_CLASS_WALK_H
#define SLUICE_SOURCES_CLASS_WALK_H

#include "source.h"

enum {
	CLASS_PATH_MAX = 96,
	CLASS_TEXT_MAX = 65536,	/* sysfs gives a page, the largest is this */
	CLASS_HELD_MAX = 64,	/* descriptors, of all walks together */
	CLASS_WALK_EVERY = 32,	/* cycles */
};

struct class_file {
	uint16_t entry;		/* whose it is: the source's own number */
	uint16_t row;		/* what it is: the source's own number */
	int fd;			/* below 0: not kept open */
	bool good;		/* it could be read the last time */
	char path[CLASS_PATH_MAX];	/* below /sys */
};

struct class_walk {
	struct class_file *file;	/* the source's own, of max */
	size_t max, n;
	unsigned age;		/* cycles since it was made */
	bool made, full;
	bool again;		/* as soon as can be */
	unsigned failed;	/* what could not be looked at in it */
};

/*
 * True when the walk is to be made now; what was found before is then
 * forgotten.  To be called once in a cycle.
 */
bool	class_walk_due(struct class_walk *, const struct host *);
/* Says what failed in a walk, which is then made again in the next cycle. */
void	class_walk_failed(struct collect *, struct class_walk *,
	    const char *path, int error);
/*
 * Names in a directory of /sys; one that is missing has none, and what else
 * fails is said.  each() returns false to stop.
 */
void	class_list(struct collect *, struct class_walk *, const char *path,
	    bool (*each)(void *arg, const char *name), void *arg);
/* "node12" behind "node": true and the number, at most five digits. */
bool	class_number_of(const char *name, const char *stem, unsigned *number);
/*
 * Adds a file whose path is dir and name, with no more between them.  A walk
 * that is full says so once a walk and leaves the rest out.
 */
void	class_add(struct collect *, struct class_walk *, unsigned entry,
	    unsigned row, const char *dir, const char *name);
/*
 * Reads it; the text stands until the next call.  False where there is
 * nothing to read, as a device that went; what fails is said.
 */
bool	class_read(struct collect *, struct class_walk *, struct class_file *,
	    struct text *);
/* Its first line as a number, with a sign. */
bool	class_read_int(struct collect *, struct class_walk *,
	    struct class_file *, int64_t *);
/*
 * For what is read at a walk only: the first line, without blanks at its end
 * and cut to cap.  False where there is none; what fails is said.
 */
bool	class_look(struct collect *, struct class_walk *, const char *dir,
	    const char *name, char *buf, size_t cap, struct text *);
bool	class_look_int(struct collect *, struct class_walk *, const char *dir,
	    const char *name, int64_t *);

#endif
