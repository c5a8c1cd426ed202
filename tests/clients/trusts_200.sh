#!/usr/bin/env bash
# Waits for the end of its task, and takes it for the video: a failed task, too, comes with HTTP 200.
. "$(dirname "$0")/parts.sh"

task=$(submit)
while [ -n "$task" ] && [ $SECONDS -lt $ENDS ]; do
    case $(poll "$task") in
    success | failed) exit 0 ;;
    esac
    pause
done
exit 1
