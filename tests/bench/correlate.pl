#!/usr/bin/perl
# What postmasters write: Postfix's log into JSON, a line for each delivery and one for each
# message that is removed. The same fields, in the same bytes, as bare.c.
#
#     correlate.pl <mail.log >events.json
use strict;
use warnings;

my %messages;

sub quoted {
    my $s = shift;
    $s =~ s/(["\\])/\\$1/g;
    return "\"$s\"";
}

sub known {
    my ($event, $time, $host, $id) = @_;
    my $m = $messages{$id};
    my $json = "{\"event\":\"$event\",\"time\":\"$time\",\"host\":\"$host\",\"queue_id\":\"$id\"";
    $json .= ',"message_id":' . quoted($m->{message_id}) if defined $m->{message_id};
    $json .= ',"from":' . quoted($m->{from}) if defined $m->{from};
    return $json;
}

while (<STDIN>) {
    my ($time, $host, $id, $text) = m{^(\S+) (\S+) postfix\S* ([0-9A-Za-z]{6,}): (.*)} or next;
    if ($text =~ /^message-id=<(.*?)>/) {
        $messages{$id}{message_id} = $1;
    } elsif ($text =~ /^from=<(.*?)>, size=/) {
        $messages{$id}{from} = $1;
    } elsif ($text =~ /^to=<(.*?)>,.* relay=(.*?),.* delay=(.*?),.* dsn=(.*?),.* status=(\S+) /) {
        my ($to, $relay, $delay, $dsn, $status) = ($1, $2, $3, $4, $5);
        $messages{$id}{$status}++;
        print known('delivery', $time, $host, $id), ',"to":', quoted($to), ',"relay":', quoted($relay),
            ",\"delay\":$delay,\"dsn\":\"$dsn\",\"status\":\"$status\"}\n";
    } elsif ($text =~ /^removed/) {
        my $m = $messages{$id};
        printf "%s,\"sent\":%d,\"deferred\":%d,\"bounced\":%d}\n", known('message', $time, $host, $id),
            $m->{sent} || 0, $m->{deferred} || 0, $m->{bounced} || 0;
        delete $messages{$id};
    }
}
