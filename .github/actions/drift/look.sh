# One look: annotations on standard output, the report as JSON for the issues, a summary of the run.
set -euo pipefail

folder=$(mktemp -d "${RUNNER_TEMP:-/tmp}/drift.XXXXXX")
words=()
# The words of a shell, without a shell that would carry them out.
split='import os, shlex, sys; sys.stdout.write("".join(f"{word}\0" for word in shlex.split(os.environ["ARGUMENTS"])))'
while IFS= read -r -d '' word; do words+=("$word"); done < <(python -c "$split")

code=0
klingmock drift "$LOOK" "${words[@]}" --format github \
    --report "json=$folder/drift.json" --report "markdown=$folder/drift.md" || code=$?

if [ -s "$folder/drift.md" ]; then cat "$folder/drift.md" >>"$GITHUB_STEP_SUMMARY"; fi
{
    echo "code=$code"
    echo "report=$folder/drift.json"
} >>"$GITHUB_OUTPUT"
