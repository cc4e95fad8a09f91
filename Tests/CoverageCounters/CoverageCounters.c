// SPDX-License-Identifier: Apache-2.0

// What instrumented code calls (clang's SanitizerCoverage). It is here and not taken from libFuzzer, because libFuzzer
// brings a `main` of its own, which does not link with SwiftPM's programs; and only the counters are needed.
#include "CoverageCounters.h"

static uint8_t *first;
static uint8_t *end;

uint8_t *coverage_counters(void) { return first; }
size_t coverage_counter_count(void) { return (size_t)(end - first); }

// Called once for each file of code, always with the bounds of the one section that the linker makes of all.
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop) {
    if (!first || start < first) first = start;
    if (!end || stop > end) end = stop;
}

// How deep the stack gets, and what is compared with what, could guide too; it is not used.
__thread uintptr_t __sancov_lowest_stack;
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop) { (void)start, (void)stop; }
void __sanitizer_cov_trace_pc_indir(uintptr_t callee) { (void)callee; }
void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases) { (void)value, (void)cases; }
void __sanitizer_cov_trace_div4(uint32_t value) { (void)value; }
void __sanitizer_cov_trace_div8(uint64_t value) { (void)value; }
void __sanitizer_cov_trace_gep(uintptr_t index) { (void)index; }
