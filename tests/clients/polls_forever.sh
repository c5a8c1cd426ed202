#!/usr/bin/env bash
# Waits for the end of its task without a deadline: when that never comes, it is still there tomorrow.
. "$(dirname "$0")/parts.sh"

task=$(submit)
[ -n "$task" ] || exit 1
until status=$(poll "$task") && [[ $status =~ ^(success|failed)$ ]]; do pause; done
url=$(text url <"$home/told")
[ "$status" = success ] && [ -n "$url" ] || exit 1
for _ in 1 2 3 4; do
    get --location --output "$home/video" "$url" && [ -s "$home/video" ] && exit 0
    sleep "$POLL"
done
exit 1
