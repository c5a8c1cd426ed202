#!/usr/bin/env bash
# Looks whether a file is there, and not at what curl says of it: half a video is taken for one.
. "$(dirname "$0")/parts.sh"

task=$(submit)
status=
while [ -n "$task" ] && [ "$status" != success ]; do
    status=$(poll "$task")
    [ "$status" != failed ] && [ $SECONDS -lt $ENDS ] || exit 1
    [ "$status" = success ] || pause
done
url=$(text url <"$home/told")
for _ in 1 2 3 4; do
    [ -n "$url" ] || break
    get --location --output "$home/video" "$url"
    [ -s "$home/video" ] && exit 0
    sleep "$POLL"
done
exit 1
