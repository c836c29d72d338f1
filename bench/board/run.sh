#!/usr/bin/env bash
# Counts the instructions that a step of a model takes on a Cortex-M7, or on the -mcpu of CPU, in QEMU, which runs every
# instruction in a nanosecond of its own time. Needs arm-none-eabi-gcc with a C library's headers and qemu-system-arm
# (Debian: gcc-arm-none-eabi, libnewlib-arm-none-eabi, qemu-system-arm), and dopec by `cargo build --release -p dopec-cli`.
#   bench/board/run.sh MODEL.json [options for the compiler, -O2 unless given]
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
dopec=$here/../../target/release/dopec
for tool in arm-none-eabi-gcc qemu-system-arm "$dopec"; do
    command -v "$tool" >/dev/null || { echo "$tool is not there; the head of $0 says where it comes from" >&2; exit 1; }
done
case ${CPU:=cortex-m7} in
cortex-m4) fpu=fpv4-sp-d16 machine=mps2-an386 ;;
cortex-m7) fpu=fpv5-sp-d16 machine=mps2-an500 ;;
*) echo "CPU is cortex-m4 or cortex-m7, not $CPU" >&2; exit 2 ;;
esac
model=$1
shift
[ $# -gt 0 ] || set -- -O2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$dopec" "$model" --emit c --target portable -o "$work" >/dev/null
header=$(basename "$work"/*.h)
name=${header%.h}
size() { awk -v what="_$1_SIZE" '$1 == "#define" && $2 ~ what "$" { print $3 + 0 }' "$work/$header"; }
tokens=$(grep -q 'uint32_t token' "$work/$header" && echo 1 || echo 0)
arm-none-eabi-gcc "$@" -mcpu="$CPU" -mfpu="$fpu" -mthumb -mfloat-abi=hard -nostartfiles -fno-tree-loop-distribute-patterns \
    -I "$work" -DMODEL="$name" -DTOKENS="$tokens" -DINPUTS="$(size INPUT)" -DOUTPUTS="$(size OUTPUT)" \
    -T "$here/board.ld" "$here/main.c" "$work/$name.c" -o "$work/board.elf" -lgcc
echo "$name, $CPU, $*: $(arm-none-eabi-size "$work/board.elf" | awk 'NR == 2 { print $1 " bytes of flash, " $3 " of RAM" }')"
timeout 120 qemu-system-arm -M "$machine" -nographic -icount shift=0,sleep=off -semihosting-config enable=on,target=native \
    -kernel "$work/board.elf"
