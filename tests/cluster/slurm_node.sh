#!/usr/bin/env bash
# A SLURM of one node on this machine, over loopback, to try `profiles/slurm` on:
#
#     eval "$(tests/slurm_node.sh start)"    # it prints two lines: export SLURM_CONF=..., PATH=...
#     tests/slurm_node.sh crash slurmd       # or slurmctld: the daemon is gone at once
#     tests/slurm_node.sh resume             # starts again what is gone
#     tests/slurm_node.sh stop
#
# It runs as whoever starts it (root is not needed) and keeps everything in a temporary folder,
# which `stop` removes. Other than a cluster's it has no accounting and no cgroups: what a job asks
# for is counted, not enforced, so the node may claim more cores and memory than there are, and two
# plain device files as GPUs. Debian: apt-get install slurm-wlm munge
set -euo pipefail
PATH=$PATH:/usr/sbin
WAIT_S=60 # until a daemon must have started or ended

configure() {
    local host user ports
    host=$(hostname -s)
    user=$(id -un)
    ports=$(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
    mkdir "$folder/state" "$folder/spool" "$folder/bin"
    (umask 077 && head -c 128 /dev/urandom > "$folder/munge.key")
    printf 'Name=gpu File=%s\n' /dev/null /dev/zero > "$folder/gres.conf"
    # Snakemake's plugin starts srun without SLURM_CONF, which suits a cluster's usual place.
    printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$folder/bin/srun"
    chmod +x "$folder/bin/srun"
    # linuxproc: whoever cancels a job ends its notebook's kernel too, a process group of its own.
    cat > "$SLURM_CONF" <<-CONF
	ClusterName=one
	SlurmctldHost=$host(127.0.0.1)
	SlurmUser=$user
	SlurmdUser=$user
	SlurmctldPort=${ports% *}
	SlurmdPort=${ports#* }
	AuthType=auth/munge
	AuthInfo=socket=$folder/munge.socket
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	MpiDefault=none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_Core_Memory
	JobAcctGatherType=jobacct_gather/none
	AccountingStorageType=accounting_storage/none
	ReturnToService=2
	KillWait=2
	MinJobAge=7200
	SlurmdParameters=config_overrides
	StateSaveLocation=$folder/state
	SlurmdSpoolDir=$folder/spool
	SlurmctldPidFile=$folder/slurmctld.pid
	SlurmdPidFile=$folder/slurmd.pid
	SlurmctldLogFile=$folder/slurmctld.log
	SlurmdLogFile=$folder/slurmd.log
	GresTypes=gpu
	NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:2
	PartitionName=main Nodes=ALL Default=YES
	CONF
}

# A daemon that has ended may stay in the table of processes for a while, as a zombie.
runs() { [ -s "$folder/$1.pid" ] && grep -qs '^State:.[^ZX]' "/proc/$(< "$folder/$1.pid")/status"; }
ended() { ! runs "$1"; }
up() { sinfo --noheader --format=%T 2> /dev/null | grep -qE '^(idle|mixed|allocated|completing)$'; }
no_jobs() { [ -z "$(squeue --noheader 2>&1)" ]; }

until_true() {
    local deadline=$((SECONDS + WAIT_S))
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}

# All three go to the background by themselves.
resume() {
    # --force: munge's checks of folders are for one that serves all users of a machine.
    runs munged || munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munge.seed" 2> /dev/null
    runs slurmctld || slurmctld
    runs slurmd || slurmd
    until_true up
}

start() {
    for command in munged slurmctld slurmd srun; do
        command -v $command > /dev/null || { echo "no $command (Debian: slurm-wlm, munge)" >&2; exit 1; }
    done
    folder=$(mktemp -d /tmp/slurm-node.XXXXXX)
    export SLURM_CONF=$folder/slurm.conf
    configure
    if ! resume > /dev/null; then
        echo "the node does not start: $(grep -ih error "$folder"/*.log | grep -v mpi | tail -n 1)" >&2
        stop
        exit 1
    fi
    printf 'export %s=%s\n' SLURM_CONF "$SLURM_CONF" PATH "$folder/bin:\$PATH"
}

crash() {
    kill -KILL "$(< "$folder/$1.pid")"
    until_true ended "$1"
}

stop() {
    set +e # whatever has gone already, the rest must go too
    resume > /dev/null # only a node that is up can end its jobs
    scancel --user="$(id -un)"
    until_true no_jobs
    kill "$(< "$folder/slurmd.pid")" "$(< "$folder/slurmctld.pid")"
    for daemon in slurmd slurmctld munged; do # munged last: the others need it to the end
        [ $daemon = munged ] && kill "$(< "$folder/munged.pid")"
        until_true ended $daemon || kill -KILL "$(< "$folder/$daemon.pid")"
    done
    rm -rf "$folder"
}

case ${1-} in
    start) start ;;
    crash | resume | stop)
        [ -f "${SLURM_CONF-}" ] && [ -f "$(dirname "$SLURM_CONF")/munge.key" ] \
            || { echo "SLURM_CONF does not name a node that this script started" >&2; exit 1; }
        folder=$(dirname "$SLURM_CONF")
        "$@"
        ;;
    *)
        sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
        exit 2
        ;;
esac
