/* The tables of fields and objects, made from MT_FIELDS and MT_OBJECTS. */
#include "mailtrace/field.h"

const struct mt_object_info mt_object_info[MT_OBJECT_COUNT] = {
#define MT_ROW(id, parent, name) [MT_O_##id] = {name, MT_O_##parent},
    MT_OBJECTS(MT_ROW)
#undef MT_ROW
};

const struct mt_field_info mt_field_info[MT_FIELD_COUNT] = {
#define MT_ROW(id, object, name, type) [MT_F_##id] = {name, MT_O_##object, MT_TYPE_##type},
    MT_FIELDS(MT_ROW)
#undef MT_ROW
};

/* struct mt_fields has room for this many. */
_Static_assert(MT_FIELD_COUNT <= 128, "more fields than bits");
