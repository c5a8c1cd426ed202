#!/usr/bin/env bash
# Lets curl repeat the submission whatever went wrong: a job whose answer was lost is made and paid for again.
. "$(dirname "$0")/parts.sh"

task=$(submit --retry 2 --retry-all-errors)
while [ -n "$task" ] && [ $SECONDS -lt $ENDS ]; do
    case $(poll "$task") in
    success)
        url=$(text url <"$home/told")
        [ -n "$url" ] && fetch "$url"
        exit
        ;;
    failed) exit 1 ;;
    esac
    pause
done
exit 1
