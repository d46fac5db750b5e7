/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: shipperd, and `sluice show`.  What otlp.c chooses from. */
#ifndef SLUICE_OTLP_ENCODER_H
#define SLUICE_OTLP_ENCODER_H

#include "otlp.h"
#include "walk.h"

#define OTLP_SCOPE "sluice"
#define OTLP_SCHEMA "https://opentelemetry.io/schemas/1.44.0"

/* AGGREGATION_TEMPORALITY_CUMULATIVE of metrics.proto */
enum { OTLP_CUMULATIVE = 2 };

/* The walk is open and has points.  Bytes written, or -ENOBUFS. */
ptrdiff_t	otlp_protobuf(const struct otlp_request *, struct walk *,
		    uint8_t *, size_t);
ptrdiff_t	otlp_json(const struct otlp_request *, struct walk *,
		    uint8_t *, size_t);

#endif
