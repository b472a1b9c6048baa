/* The name of a key as each sink needs it. */
#ifndef MT_EVENT_KEY_H
#define MT_EVENT_KEY_H

#include <stddef.h>

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

static inline const char *mt_key_name(const struct mt_key *key)
{
    return key ? key->name : NULL;
}

#endif
