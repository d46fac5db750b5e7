# SPDX-License-Identifier: Apache-2.0
# Makes a ring that says of a step that it is there before it is: the store
# that commits it also stands before what it commits.
s/^\tstep->first_seq = .*/\tatomic_store(\&((struct segment_head *)segment)->committed,\n\t    segment_committed(r->head, r->end, r->nrecords + step->nrecords));\n&/
