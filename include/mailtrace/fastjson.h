/* Events and records as trees of libfastjson. */
#ifndef MAILTRACE_FASTJSON_H
#define MAILTRACE_FASTJSON_H

#include <libfastjson/json.h>

#include "mailtrace/event.h"

/* A new tree that the caller puts (fjson_object_put); NULL when memory is short. */
struct fjson_object *mt_event_fastjson_in(const struct mt_schema *schema, const struct mt_event *event);
struct fjson_object *mt_event_fastjson(const struct mt_event *event);
struct fjson_object *mt_record_fastjson(const struct mt_record *record);

#endif
