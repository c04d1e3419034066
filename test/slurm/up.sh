#!/bin/bash
# A private Slurm on one machine: munge, slurmctld and a slurmd for each of NODES nodes, on ports and folders of their
# own, without systemd, cgroups or a database. For tests: nothing of it outlives down.sh.
#   test/slurm/up.sh FOLDER [NODES] [CPUS a node];  export SLURM_CONF=FOLDER/slurm.conf;  …;  test/slurm/down.sh FOLDER
# Needs slurm-wlm, munge and a root user (munge's daemon runs as its own).
set -euo pipefail
folder=$(realpath -m "$1"); nodes=${2:-2}; cpus=${3:-1}; host=$(hostname -s)
port=${SLURM_TEST_PORT:-26817}
rm -rf "$folder"
mkdir -p "$folder"/{state,log,munge}
chmod 755 "$folder" "$folder"/{state,log}
dd if=/dev/urandom of="$folder/munge/munge.key" bs=1024 count=1 status=none
chown -R munge:munge "$folder/munge"
chmod 711 "$folder/munge"
chmod 400 "$folder/munge/munge.key"
munge=$folder/munge
runuser -u munge -- /usr/sbin/munged --key-file="$munge/munge.key" --socket="$munge/socket" \
  --pid-file="$munge/munged.pid" --log-file="$munge/munged.log" --seed-file="$munge/munged.seed" --num-threads=2
{
  # A requeued job waits as long as a credential lives, two minutes by default: no test has these. A step is put
  # together within seconds, so that a short life is enough.
  cat <<C
ClusterName=milore
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobs.txt
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmctldTimeout=10
SlurmdTimeout=5
KillWait=3
MinJobAge=600
ReturnToService=2
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
SlurmdParameters=config_overrides
C
  for ((i = 1; i <= nodes; i++)); do
    echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 50 + i)) CPUs=$cpus Boards=1" \
      "SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=2000 State=UNKNOWN"
  done
  echo "PartitionName=short Nodes=ALL Default=YES MaxTime=INFINITE State=UP"
  # What is put here waits until somebody says State=UP.
  echo "PartitionName=later Nodes=ALL MaxTime=INFINITE State=DOWN"
} >"$folder/slurm.conf"
echo "CgroupAutomount=no" >"$folder/cgroup.conf"
export SLURM_CONF=$folder/slurm.conf
slurmctld -f "$SLURM_CONF"
for ((i = 1; i <= nodes; i++)); do
  # A folder of configuration each: two daemons of one machine share PMIx's folder otherwise, and collide.
  mkdir -p "$folder"/{spool,conf,pmix}.n$i
  cp "$folder"/{slurm,cgroup}.conf "$folder/conf.n$i/"
  echo "PMIxCliTmpDirBase=$folder/pmix.n$i" >"$folder/conf.n$i/mpi.conf"
  slurmd -f "$folder/conf.n$i/slurm.conf" -N n$i
done
for ((tries = 0; tries < 200; tries++)); do
  [ "$(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | sort -u | wc -l)" = "$nodes" ] && exit 0
  sleep 0.1
done
echo "not all of $nodes nodes have come up:" >&2
tail -n 5 "$folder"/log/*.log >&2
"$(dirname "$0")/down.sh" "$folder"
exit 1
