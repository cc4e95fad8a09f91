// SPDX-License-Identifier: Apache-2.0

import Cmalloc

/// The process's memory.
package enum Memory {
    /// Gives what is free back to the kernel.
    ///
    /// A run over a large table needs some hundred megabytes for a second; the allocator would keep them for ever.
    package static func giveBack() { malloc_trim(0) }

    /// Has all threads allocate from one arena, but those that have one of their own already.
    ///
    /// Each arena keeps pages that are in use in part: with an arena for each thread, `run` had 7 MB more at rest. Threads hardly
    /// ever wait for each other, for syncs of both families take turns.
    package static func shareArena() { mallopt(M_ARENA_MAX, 1) }
}
