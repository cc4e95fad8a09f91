// SPDX-License-Identifier: Apache-2.0

// glibc's allocator: malloc_trim and mallopt, which the Glibc module leaves out.
#ifndef KUBETABLES_CMALLOC_SHIM_H
#define KUBETABLES_CMALLOC_SHIM_H

#include <malloc.h>

#endif
