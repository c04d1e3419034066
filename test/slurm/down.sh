#!/bin/bash
# Ends what up.sh began in FOLDER, by its own files of process numbers, and nothing else.
folder=$(realpath -m "$1")
export SLURM_CONF=$folder/slurm.conf
timeout 10 scancel --user="$(id -un)" 2>/dev/null
pids=$(cat "$folder"/slurmd.n*.pid "$folder/slurmctld.pid" "$folder/munge/munged.pid" 2>/dev/null)
for pid in $pids; do kill "$pid" 2>/dev/null; done
# Their files of numbers go before they do, and the controller still writes its state.
for ((tries = 0; tries < 100; tries++)); do
  kill -0 $pids 2>/dev/null || break
  sleep 0.1
done
true
