# What the flawed clients of shell and curl have in common, and do well: each brings its flaw along.
# shellcheck shell=bash
set -u
POLL=${POLL_SECONDS:-5} ENDS=$((SECONDS + ${DEADLINE_SECONDS:-300})) # whole seconds
SUBMIT=/api/v1/image-to-video/kling/kling-v1-i2v/async
JOB='{"image": "https://example.com/mountain.jpg"}'
home=$(mktemp -d) || exit
trap 'rm -rf "$home"' EXIT

get() { curl --silent --fail --globoff --max-time "${REQUEST_TIMEOUT_SECONDS:-30}" "$@"; }

call() { # PATH [curl's option...]
    : >"$home/headers"
    get --dump-header "$home/headers" --config <(echo "header = \"Authorization: Bearer $MODELLIX_API_KEY\"") \
        "${@:2}" "$MODELLIX_BASE_URL$1"
}

# The first text of this name, "" when there is none. A body that was cut ends in no brace.
text() { grep '}$' | grep -oE "\"$1\": ?\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

submit() { call "$SUBMIT" "$@" --header 'Content-Type: application/json' --data "$JOB" | text task_id; }

poll() { # TASK
    call "/api/v1/tasks/$1" >"$home/told"
    text status <"$home/told"
}

# Fetch the whole video; curl compares what arrived with Content-Length.
fetch() { # URL
    local kind
    for _ in 1 2 3 4; do
        kind=$(get --location --output "$home/video" --write-out '%{content_type}' "$1") &&
            [[ $kind == video/* && -s $home/video ]] && return
        sleep "$POLL"
    done
    return 1
}

# Wait until the next poll: as long as the last reply asks for, if that is longer than usual.
pause() {
    sleep "$(tr -d '\r' <"$home/headers" | awk -F ': *' -v wait="$POLL" -v now="$(date +%s)" '
        $1 ~ /^HTTP.* 429/ {refused = 1}
        tolower($1) == "retry-after" && $2 + 0 > wait {wait = $2 + 0}
        tolower($1) == "x-ratelimit-reset" && refused && $2 - now > wait {wait = $2 - now}
        END {print wait}')"
}
