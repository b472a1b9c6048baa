/* The name of a key as each sink needs it. */
#ifndef MT_EVENT_KEY_H
#define MT_EVENT_KEY_H

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* The text sink copies so many bytes of each key, which takes no look at its length. So a name has at most 27. */
#define MT_KEY_MAX 32

struct mt_key {
    char quoted[MT_KEY_MAX]; /* "name":" as it stands before a string */
    const char *name;        /* a constant: trees point to it */
    unsigned char n;         /* of quoted, without the quote that begins a string */
};

#define MT_KEY(literal)                                      \
    {                                                        \
        "\"" literal "\":\"", (literal), sizeof(literal) + 2 \
    }

/* Of a name that is known only now, a constant too. */
static inline const struct mt_key *mt_key_make(struct mt_key *key, const char *name)
{
    size_t n = name ? strlen(name) : 0;

    if (!name) {
        return NULL;
    }
    assert(n + 4 < MT_KEY_MAX);
    key->quoted[0] = '"';
    memcpy(key->quoted + 1, name, n);
    memcpy(key->quoted + 1 + n, "\":\"", 3);
    key->name = name;
    key->n = (unsigned char)(n + 3);
    return key;
}

static inline const char *mt_key_name(const struct mt_key *key)
{
    return key ? key->name : NULL;
}

#endif
