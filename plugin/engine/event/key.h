/* Keys as the walk hands them to a sink: the name, and the same ready for JSON text. */
#ifndef MT_EVENT_KEY_H
#define MT_EVENT_KEY_H

/* Room for the longest, "recipients_omitted":", and for a sink to copy all of it at once. */
#define MT_KEY_MAX 23

struct mt_key { /* 32 bytes, the pointer being 8 */
    const char *name;
    unsigned char n; /* length of quoted, the quote that begins a string not counted */
    char quoted[MT_KEY_MAX];
};

/* The key of a string literal. */
#define MT_KEY(name)                                \
    {                                               \
        (name), sizeof(name) + 2, "\"" name "\":\"" \
    }

#endif
