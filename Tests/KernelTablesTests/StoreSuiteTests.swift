// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KernelTablesSuite
import NetworkTypes
import Testing

@Suite("The store in memory")
struct StoreSuiteTests {
    @Test("behaves as the kernel does", arguments: StoreSuite.checks, IPFamily.allCases)
    func check(_ check: StoreSuite.Check, family: IPFamily) {
        #expect(check.run(MemoryStore(), family: family) == [])
    }
}
