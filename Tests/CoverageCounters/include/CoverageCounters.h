// SPDX-License-Identifier: Apache-2.0

#ifndef COVERAGE_COUNTERS_H
#define COVERAGE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

// The counters that code compiled with `-sanitize=fuzzer` has: one byte for each edge of its control flow.

/// The first counter; NULL if nothing was compiled so.
uint8_t *coverage_counters(void);
/// The number of counters.
size_t coverage_counter_count(void);

#endif
