// SPDX-License-Identifier: Apache-2.0

import KernelTables
import RuleCompiler

extension Syncer {
    /// Reads and changes tables that hold rules of our layouts, as the commands do.
    ///
    /// Only for tests, which make many: KernelTables knows no layout, so what runs states the ownership once
    /// (`KernelOptions`).
    public init(store: any KernelTableStore = LibiptcStore(), lock: XTablesLock? = XTablesLock()) {
        self.init(store: store, lock: lock, ownership: RuleLayoutKind.ownership)
    }
}
