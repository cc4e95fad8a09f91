// SPDX-License-Identifier: Apache-2.0

import Cmalloc

/// The process's memory.
package enum Memory {
    /// Gives what is free back to the kernel.
    ///
    /// A run over a large table needs some hundred megabytes for a second; the allocator would keep them for ever.
    package static func giveBack() { malloc_trim(0) }
}
