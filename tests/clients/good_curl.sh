#!/usr/bin/env bash
# A good client of bash and curl, without jq. It never submits twice: what is not accepted is reported.
# Exit code 0: the video is here, whole. With an argument, it is written to that file.
set -u
POLL=${POLL_SECONDS:-5} PATIENCE=${REQUEST_TIMEOUT_SECONDS:-30} # whole seconds
ENDS=$((SECONDS + ${DEADLINE_SECONDS:-300}))
SUBMIT=/api/v1/image-to-video/kling/kling-v1-i2v/async
JOB='{"image": "https://example.com/mountain.jpg"}'

home=$(mktemp -d) || exit
trap 'rm -rf "$home"' EXIT

fail() { echo "$*" >&2; exit 1; }

# One call of the API: sets `status` (000 when the reply did not arrive whole), fills $home/body and $home/headers.
# The key goes by a file, because a list of processes shows what a command was given.
ask() { # PATH [curl's option...]
    local place=$MODELLIX_BASE_URL$1 && shift
    : >"$home/body" >"$home/headers"
    status=$(curl --silent --globoff --max-time "$PATIENCE" --output "$home/body" --dump-header "$home/headers" \
        --write-out '%{http_code}' --config <(echo "header = \"Authorization: Bearer $MODELLIX_API_KEY\"") \
        "$@" "$place") || status=000
}

# The first text of this name in the body, "" when there is none. A body that was cut ends in no brace.
text() {
    tr -d '\r\n' <"$home/body" | grep -E '\}[[:space:]]*$' |
        grep -oE "\"$1\"[[:space:]]*:[[:space:]]*\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4 | sed 's|\\/|/|g'
}

# A header that is a whole number, "" when it is none.
number() {
    tr -d '\r' <"$home/headers" |
        awk -F ': *' -v name="$1" 'tolower($1) == name && $2 ~ /^[0-9]+$/ {print $2; exit}'
}

largest() { echo $(($1 > $2 ? $1 : $2)); }

# Wait at least so long, and as long as the last reply asks for, but not past the deadline.
pause() {
    local wait=$1 asked reset
    asked=$(number retry-after) reset=$(number x-ratelimit-reset)
    [ "$status" = 429 ] && [ -n "$reset" ] && wait=$(largest "$wait" $((reset - $(date +%s))))
    wait=$(largest "$wait" "${asked:-0}")
    [ $((SECONDS + wait)) -gt "$ENDS" ] && fail "no video within the deadline"
    sleep "$wait"
}

ask "$SUBMIT" --header 'Content-Type: application/json' --data "$JOB"
task=$(text task_id)
[ "$status" = 200 ] && [ -n "$task" ] || fail "not accepted for sure, and not tried again: status $status"

failures=0 wait=$POLL
while true; do
    ask "/api/v1/tasks/$task"
    told=
    [ "$status" = 200 ] && told=$(text status)
    case $status:$told in
    200:success) break ;;
    200:failed) fail "$task failed" ;;
    200:?*) failures=0 wait=$POLL ;; # on its way, by whatever name
    400:* | 401:* | 403:*) fail "$task can't be asked for: status $status" ;;
    *) failures=$((failures + 1)) wait=$((wait < 30 ? wait * 2 : 60)) ;; # the next poll may know more
    esac
    # What was accepted a moment ago may not be found yet.
    [ "$status" = 404 ] && [ "$failures" -ge 3 ] && fail "$task is not there"
    pause "$wait"
done

url=$(text url)
[ -n "$url" ] || fail "a success without a video"
for _ in 1 2 3 4; do
    : >"$home/headers" # no key goes along: the URL is open, and its host, or one it leads to, another
    got=$(curl --silent --globoff --max-time "$PATIENCE" --location --output "$home/video" \
        --write-out '%{http_code} %{content_type}' "$url") || got= # curl compares with Content-Length
    if [[ $got == "200 video/"* && -s $home/video ]]; then
        [ $# -eq 0 ] || cp "$home/video" "$1" || exit
        echo "$(wc -c <"$home/video") bytes from $url"
        exit 0
    fi
    pause "$POLL"
done
fail "the video can't be fetched"
