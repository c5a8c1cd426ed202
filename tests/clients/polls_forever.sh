#!/usr/bin/env bash
# Waits for the end of its task without a deadline: when that never comes, it is still there tomorrow.
. "$(dirname "$0")/parts.sh"

task=$(submit)
[ -n "$task" ] || exit 1
until status=$(poll "$task") && [[ $status =~ ^(success|failed)$ ]]; do pause; done
url=$(text url <"$home/told")
[ "$status" = success ] && [ -n "$url" ] && fetch "$url"
