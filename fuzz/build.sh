#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The targets of the project with a fuzzing engine, as OSS-Fuzz calls it: CC,
# CFLAGS, LIB_FUZZING_ENGINE and OUT are given.  Without them, libFuzzer of clang
# with AddressSanitizer, into build-fuzz/ (`ci/deps fuzz` installs what that takes):
#
#	fuzz/build.sh
#	build-fuzz/out/target_sequential -max_len=97 build-fuzz/out/sequential fuzz/corpus/sequential
#
# AFL++: CC=afl-clang-fast CFLAGS=-O2 LIB_FUZZING_ENGINE=-fsanitize=fuzzer fuzz/build.sh
set -eu
cd "$(dirname "$0")/.."
: "${CC:=clang}"
: "${CFLAGS:=-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link}"
: "${LIB_FUZZING_ENGINE:=-fsanitize=fuzzer}"
: "${OUT:=$PWD/build-fuzz/out}"
mkdir -p "$OUT"
make B="${WORK:-$PWD/build-fuzz}" CC="$CC" CFLAGS="$CFLAGS" LDFLAGS="$CFLAGS" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
	-j "$(nproc)" fuzz-targets
for target in "${WORK:-$PWD/build-fuzz}"/fuzz/target_*; do
	case $target in *.[a-z]) continue ;; esac
	name=$(basename "$target")
	cp "$target" "$OUT/"
	corpus=fuzz/corpus/${name#target_}
	if [ -d "$corpus" ] && command -v zip >/dev/null; then
		(cd "$corpus" && zip -q "$OUT/${name}_seed_corpus.zip" ./*)
	fi
done
echo "built $OUT"
