#!/bin/bash
# Ends what up.sh began in FOLDER, by its own files of process numbers, and nothing else.
folder=$(realpath -m "$1")
export SLURM_CONF=$folder/slurm.conf
timeout 10 scancel --user="$(id -un)" 2>/dev/null
for file in "$folder"/slurmd.n*.pid "$folder/slurmctld.pid" "$folder/munge/munged.pid"; do
  [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null
done
for ((tries = 0; tries < 50; tries++)); do
  ls "$folder"/slurmd.n*.pid "$folder/slurmctld.pid" >/dev/null 2>&1 || break
  sleep 0.1
done
true
