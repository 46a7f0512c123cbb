/* dns/base/refcount.h - an immutable object with several holders, freed by the last. */
#ifndef DNS_BASE_REFCOUNT_H
#define DNS_BASE_REFCOUNT_H

#include <stdatomic.h>
#include <stdlib.h>

struct refcount {
	atomic_uint holds;
	void *object;
	void (*free)(void *object);
};

/* One hold is the caller's. NULL, and the object is freed: no memory, or object is NULL. */
static inline struct refcount *refcount_new(void *object, void (*release)(void *object))
{
	struct refcount *shared = object ? malloc(sizeof(*shared)) : NULL;
	if (!shared) {
		if (object)
			release(object);
		return NULL;
	}
	atomic_init(&shared->holds, 1);
	shared->object = object;
	shared->free = release;
	return shared;
}

/* NULL stays NULL. */
static inline struct refcount *refcount_hold(struct refcount *shared)
{
	if (shared)
		atomic_fetch_add_explicit(&shared->holds, 1, memory_order_relaxed);
	return shared;
}

static inline void refcount_release(struct refcount *shared)
{
	if (!shared || atomic_fetch_sub_explicit(&shared->holds, 1, memory_order_acq_rel) != 1)
		return;
	shared->free(shared->object);
	free(shared);
}

/* The object, or NULL. */
static inline const void *refcount_get(const struct refcount *shared)
{
	return shared ? shared->object : NULL;
}

#endif
