#!/usr/bin/env bash
# The programs that the tests drive and pip can't bring, from Debian's own packages; only what is absent is installed.
set -euo pipefail
declare -A package=(
    [java]=openjdk-17-jre-headless   # a local Spark, for the equality of the criteria engine
    [chromium]=chromium              # the report as a reader sees it
    [soffice]=libreoffice-writer     # the Word report, opened and made into a PDF
    [pdftotext]=poppler-utils        # what stands in that PDF
    [pg_ctl]=postgresql              # a real database as a source
)
absent=()
for program in "${!package[@]}"; do
    command -v "$program" >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/$program" >/dev/null \
        || absent+=("${package[$program]}")
done
((${#absent[@]} == 0)) && exit 0
if ! command -v apt-get >/dev/null 2>&1 || ((EUID != 0)); then
    echo "The tests need these programs; please install them: ${absent[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${absent[@]}" >/dev/null
