#!/bin/sh
# What the image runs. Half of the container's memory is heap; packets, rows and node itself lie beside it. NODE_OPTIONS with a
# --max-old-space-size of its own goes before. Sources: cgroup v2 memory.max, cgroup v1 memory.limit_in_bytes.
cgroup=${CGROUP:-/sys/fs/cgroup}
limit=$(cat "$cgroup/memory.max" 2>/dev/null || cat "$cgroup/memory/memory.limit_in_bytes" 2>/dev/null || echo max)
case $limit in
  max | ???????????????*) ;; # no limit; version 1 writes a number that no machine has
  *) export NODE_OPTIONS="--max-old-space-size=$((limit / 2 / 1048576)) $NODE_OPTIONS" ;;
esac
exec node "$(dirname "$0")/shardgate.mjs" "$@"
