#!/bin/bash
# Two hosts that are network namespaces, joined by a cable that is a veth pair, train one model:
#
#     sudo benchmarks/two_hosts.sh REVIEWS.parquet OUT [--epochs 1 ...]
#
# Needs Linux, root, iproute2 (`ip`) and an environment in which `python -m bothways` runs. Prints
# what the cable carried. With RATE=100mbit (and `tc`) the cable is as slow as that.
set -euo pipefail
data=$1 out=$2
shift 2
python=${PYTHON:-python}
cleanup() {
    for host in a b; do ip netns del "bothways-$host" 2>/dev/null || true; done
}
trap cleanup EXIT
cleanup
ip netns add bothways-a
ip netns add bothways-b
ip link add cable-a netns bothways-a type veth peer name cable-b netns bothways-b
for host in a b; do
    if [ $host = a ]; then address=10.77.0.1; else address=10.77.0.2; fi
    ip -n "bothways-$host" address add "$address/24" dev "cable-$host"
    ip -n "bothways-$host" link set "cable-$host" up
    ip -n "bothways-$host" link set lo up
    if [ -n "${RATE:-}" ]; then
        ip netns exec "bothways-$host" tc qdisc add dev "cable-$host" root tbf \
            rate "$RATE" burst 256kb latency 100ms
    fi
done

start() { # host, number; the interface must be named: both hosts have the same name
    GLOO_SOCKET_IFNAME="cable-$1" ip netns exec "bothways-$1" "$python" -m torch.distributed.run \
        --nnodes 2 --node-rank "$2" --nproc-per-node 1 \
        --master-addr 10.77.0.1 --master-port 29500 \
        -m bothways train "$data" --out "$out" --threads 1 "${@:3}"
}
start a 0 "$@" &
first=$!
start b 1 "$@" &
second=$!
wait $first
wait $second
for host in a b; do
    sent=$(ip netns exec "bothways-$host" cat "/sys/class/net/cable-$host/statistics/tx_bytes")
    echo "host $host sent $sent bytes over the cable"
done
