#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs in: the build.  compile.sh MAKEFILE TYPE FOLDER OUTPUT SOURCE...: the
# sources as a module for hosts with that type of policy, compressed as
# distributions keep theirs.  FOLDER takes what make leaves beside it.
set -eu
makefile=$1 type=$2 folder=$3 output=$4
shift 4
mkdir -p "$folder"
cp "$@" "$folder"
make -s -C "$folder" -f "$makefile" NAME="$type" sluice.pp
bzip2 -9 <"$folder/sluice.pp" >"$output"
