/* The name-value pairs of an event: see pairs.h.
 *
 * Handles of names are looked up once and kept in a tree that grows as keys are met, under a lock. A node
 * that can be found is whole and never changes, so looking needs none. Keys come in an order that is nearly always
 * the same, so the next one is found at once.
 */
#include "pairs.h"

#include <pthread.h>
#include <string.h>

#include "scratch-buffers.h"

#define DEPTH 8 /* objects within objects: 4 in use */

struct node {
    char *key; /* with the quote and the colon behind it */
    size_t key_n;
    char *name; /* with the prefix */
    size_t name_n;
    NVHandle handle;
    LogMessageValueType number; /* what a number is */
    struct node *children, *next;
};

struct mt_pairs {
    char *prefix;
    pthread_mutex_t lock; /* of growth */
    struct node root;
};

/* ---- names ---- */

static struct node *load(struct node *const *at)
{
    return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}

/* Seconds are numbers with a fraction, also when it is 0: the field says so and not the text. */
static bool is_seconds(const struct node *parent, const char *key, size_t n)
{
    for (size_t i = 0; i < MT_FIELD_COUNT; i++) {
        const struct mt_field_info *field = &mt_field_info[i];
        struct mt_slice object = mt_slice_str(mt_object_info[field->object].name);
        struct mt_slice theirs = parent->key ? mt_slice(parent->key, parent->key_n - 2) : mt_slice(NULL, 0);
        if (field->type == MT_TYPE_SECONDS && mt_slice_eq(mt_slice_str(field->name), mt_slice(key, n)) &&
            mt_slice_eq(object, theirs)) {
            return true;
        }
    }
    return false;
}

/* n: of the key, which the quote and the colon follow. */
static struct node *node_new(const struct mt_pairs *pairs, const struct node *parent, const char *key, size_t n)
{
    struct node *node = g_new0(struct node, 1);
    char *plain = g_strndup(key, n);

    node->key = g_strndup(key, n + 2);
    node->key_n = n + 2;
    node->name = parent->name ? g_strconcat(parent->name, ".", plain, NULL) : g_strconcat(pairs->prefix, plain, NULL);
    node->name_n = strlen(node->name);
    node->handle = log_msg_get_value_handle(node->name);
    node->number = is_seconds(parent, key, n) ? LM_VT_DOUBLE : MT_VT_INTEGER;
    g_free(plain);
    return node;
}

/* The quote is most often enough to see that it is another. */
static inline bool is_key(const struct node *node, struct mt_slice at)
{
    return node->key_n <= at.n && *node->key == *at.p && at.p[node->key_n - 2] == '"' &&
           memcmp(node->key, at.p, node->key_n) == 0;
}

static struct node *search(struct node *from, const struct node *to, struct mt_slice at)
{
    while (from && from != to && !is_key(from, at)) {
        from = load(&from->next);
    }
    return from == to ? NULL : from;
}

static struct node *grow(struct mt_pairs *pairs, struct node *parent, struct mt_slice at, size_t n)
{
    struct node **end = &parent->children, *node;

    pthread_mutex_lock(&pairs->lock);
    node = search(parent->children, NULL, at); /* another thread may have been first */
    if (!node) {
        node = node_new(pairs, parent, at.p, n);
        while (*end) {
            end = &(*end)->next;
        }
        __atomic_store_n(end, node, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&pairs->lock);
    return node;
}

/* The node of the key that `at` begins with, behind its first quote; before: that of the key before it, or NULL. */
static struct node *child_of(struct mt_pairs *pairs, struct node *parent, struct node *before, struct mt_slice at)
{
    struct node *after = load(before ? &before->next : &parent->children);
    struct node *found = search(after, NULL, at);
    const char *quote;

    if (!found && before) {
        found = search(load(&parent->children), after, at);
    }
    if (!found) {
        quote = memchr(at.p, '"', at.n);
        found = quote ? grow(pairs, parent, at, (size_t)(quote - at.p)) : NULL;
    }
    return found;
}

/* ---- the text ---- */

struct reader {
    const char *p, *end;
    struct mt_pairs *pairs;
    struct mt_pair_list *list;
};

static void add(struct reader *r, const struct node *node, LogMessageValueType type, struct mt_slice value)
{
    struct mt_pair_list *list = r->list;

    if (list->n < MT_PAIRS_MAX) {
        list->v[list->n++] = (struct mt_pair){node->handle, type, value};
        list->names += node->name_n;
    }
}

static const char *find(const struct reader *r, const char *from, char c)
{
    const char *found = memchr(from, c, (size_t)(r->end - from));

    return found ? found : r->end;
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* p is behind a backslash; returns what is behind the escape. The engine writes \u for control characters only. */
static const char *unescape(const char *p, GString *to)
{
    static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *letter = strchr(letters, *p);

    if (*p == 'u') {
        g_string_append_c(to, (char)(hex(p[3]) * 16 + hex(p[4])));
        return p + 5;
    }
    g_string_append_c(to, letter ? bytes[letter - letters] : *p);
    return p + 1;
}

/* A string with escapes; r->p is behind the quote. */
static struct mt_slice read_escaped(struct reader *r)
{
    GString *to = scratch_buffers_alloc();
    const char *p = r->p;

    while (p < r->end && *p != '"') {
        if (*p == '\\') {
            p = unescape(p + 1, to);
        } else {
            g_string_append_c(to, *p++);
        }
    }
    r->p = p + 1;
    return mt_slice(to->str, to->len);
}

static struct mt_slice read_string(struct reader *r)
{
    const char *start = ++r->p, *quote = find(r, start, '"');

    if (memchr(start, '\\', (size_t)(quote - start))) {
        return read_escaped(r);
    }
    r->p = quote + 1;
    return mt_slice_to(start, quote);
}

/* From the first quote of a string to its last: that before which there is an even number of backslashes. */
static const char *skip_string(const struct reader *r, const char *p)
{
    const char *start = p, *before;

    do {
        p = before = find(r, p + 1, '"');
        while (before > start + 1 && before[-1] == '\\') {
            before--;
        }
    } while ((p - before) % 2 && p < r->end);
    return p;
}

/* An array or object as it stands. */
static struct mt_slice read_array(struct reader *r)
{
    const char *start = r->p, *p = start;
    size_t depth = 0;

    for (; p < r->end; p++) {
        if (*p == '"') {
            p = skip_string(r, p);
        } else if (*p == '[' || *p == '{') {
            depth++;
        } else if ((*p == ']' || *p == '}') && --depth == 0) {
            break;
        }
    }
    r->p = p + 1;
    return mt_slice_to(start, r->p);
}

static struct mt_slice read_word(struct reader *r)
{
    const char *start = r->p, *p = start;

    while (p < r->end && *p != ',' && *p != '}') {
        p++;
    }
    r->p = p;
    return mt_slice_to(start, p);
}

static void read_object(struct reader *r, struct node *parent, int depth);

static void read_value(struct reader *r, struct node *node, int depth)
{
    switch (*r->p) {
    case '"':
        add(r, node, LM_VT_STRING, read_string(r));
        break;
    case '{':
        read_object(r, node, depth + 1);
        break;
    case '[':
        add(r, node, LM_VT_JSON, read_array(r));
        break;
    case 't':
    case 'f':
        add(r, node, LM_VT_BOOLEAN, read_word(r));
        break;
    default:
        add(r, node, node->number, read_word(r));
        break;
    }
}

/* r->p is at the bracket, and behind its counterpart at the end. */
static void read_object(struct reader *r, struct node *parent, int depth)
{
    struct node *node = NULL;

    g_assert(depth < DEPTH);
    r->p++;
    while (r->p + 1 < r->end && *r->p != '}') {
        r->p += *r->p == ',';
        r->p++; /* the quote */
        node = child_of(r->pairs, parent, node, mt_slice_to(r->p, r->end));
        if (!node) {
            r->p = r->end;
            return;
        }
        r->p += node->key_n;
        read_value(r, node, depth);
    }
    r->p++;
}

void mt_pairs_read(struct mt_pairs *pairs, struct mt_slice json, struct mt_pair_list *list)
{
    struct reader r = {json.p, json.p + json.n, pairs, list};

    list->n = list->names = 0;
    if (json.n) {
        read_object(&r, &pairs->root, 0);
    }
}

/* ---- from new to free ---- */

struct mt_pairs *mt_pairs_new(const char *prefix)
{
    struct mt_pairs *pairs = g_new0(struct mt_pairs, 1);

    pairs->prefix = g_strdup(prefix);
    pthread_mutex_init(&pairs->lock, NULL);
    return pairs;
}

static void free_children(struct node *parent)
{
    struct node *next;

    for (struct node *node = parent->children; node; node = next) {
        next = node->next;
        free_children(node);
        g_free(node->key);
        g_free(node->name);
        g_free(node);
    }
}

void mt_pairs_free(struct mt_pairs *pairs)
{
    if (pairs) {
        free_children(&pairs->root);
        pthread_mutex_destroy(&pairs->lock);
        g_free(pairs->prefix);
        g_free(pairs);
    }
}
