# What postmasters write: Postfix's log into JSON, a line for each delivery and one for each
# message that is removed. The same fields, in the same bytes, as bare.c.
#
#     mawk -f correlate.awk <mail.log >events.json

function quoted(s) {
    gsub(/["\\]/, "\\\\&", s)
    return "\"" s "\""
}

# What stands between the first before and the next after.
function between(s, before, after,    i) {
    i = index(s, before)
    if (!i)
        return ""
    s = substr(s, i + length(before))
    return substr(s, 1, index(s, after) - 1)
}

function known(event, id,    json) {
    json = "{\"event\":\"" event "\",\"time\":\"" $1 "\",\"host\":\"" $2 "\",\"queue_id\":\"" id "\""
    if (id in message_id)
        json = json ",\"message_id\":" quoted(message_id[id])
    if (id in from)
        json = json ",\"from\":" quoted(from[id])
    return json
}

$3 !~ /^postfix/ || $4 !~ /^[0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z]+:$/ { next }

{ id = substr($4, 1, length($4) - 1) }

$5 ~ /^message-id=</ { message_id[id] = between($0, "message-id=<", ">"); next }

$5 ~ /^from=</ && / size=/ { from[id] = between($0, "from=<", ">, size="); next }

$5 ~ /^to=</ {
    status = between($0, " status=", " ")
    count[id, status]++
    print known("delivery", id) ",\"to\":" quoted(between($0, " to=<", ">,")) ",\"relay\":" \
        quoted(between($0, " relay=", ",")) ",\"delay\":" between($0, " delay=", ",") ",\"dsn\":\"" \
        between($0, " dsn=", ",") "\",\"status\":\"" status "\"}"
    next
}

$5 == "removed" {
    print known("message", id) ",\"sent\":" count[id, "sent"] + 0 ",\"deferred\":" count[id, "deferred"] + 0 \
        ",\"bounced\":" count[id, "bounced"] + 0 "}"
    delete message_id[id]
    delete from[id]
    delete count[id, "sent"]
    delete count[id, "deferred"]
    delete count[id, "bounced"]
}
