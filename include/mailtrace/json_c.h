/* Events and records as trees of json-c. */
#ifndef MAILTRACE_JSON_C_H
#define MAILTRACE_JSON_C_H

#include <json-c/json.h>

#include "mailtrace/event.h"

/* A new tree that the caller puts (json_object_put); NULL when memory is short. */
struct json_object *mt_event_json_c_in(const struct mt_schema *schema, const struct mt_event *event);
struct json_object *mt_event_json_c(const struct mt_event *event);
struct json_object *mt_record_json_c(const struct mt_record *record);

#endif
