// SPDX-License-Identifier: Apache-2.0

// Searches of bytes, which Swift does many times slower than C unless it is optimized.
#ifndef KUBETABLES_BYTE_SEARCH_H
#define KUBETABLES_BYTE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// The place of the first `byte` from `start` on; `count` if there is none.
static inline size_t kubetables_place_of_byte(const uint8_t *bytes, size_t start, size_t count, uint8_t byte) {
    if (start >= count) return count;
    const uint8_t *found = (const uint8_t *)memchr(bytes + start, byte, count - start);
    return found ? (size_t)(found - bytes) : count;
}

// Where the next line begins, from that at `start` on, that is more than blanks and a comment; `count` if there is none.
// Adds the number of lines before it to `lines`.
static inline size_t kubetables_skip_comments(const uint8_t *bytes, size_t start, size_t count, size_t *lines) {
    size_t line = start;
    while (line < count) {
        size_t place = line;
        while (place < count && (bytes[place] == ' ' || bytes[place] == '\t' || bytes[place] == '\r')) place++;
        if (place < count && bytes[place] == '#') place = kubetables_place_of_byte(bytes, place, count, '\n');
        if (place < count && bytes[place] != '\n') return line;
        if (place == count) return count;
        line = place + 1;
        (*lines)++;
    }
    return count;
}

// Whether no byte has its highest bit.
static inline bool kubetables_is_ascii(const uint8_t *bytes, size_t count) {
    size_t place = 0;
    for (; place + 8 <= count; place += 8) {
        uint64_t word;
        memcpy(&word, bytes + place, sizeof word);
        if (word & 0x8080808080808080ULL) return false;
    }
    for (; place < count; place++) {
        if (bytes[place] & 0x80) return false;
    }
    return true;
}

#endif
