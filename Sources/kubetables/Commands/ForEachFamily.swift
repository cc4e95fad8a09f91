// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KernelTables
import NetworkTypes

/// Calls `body` for each family, also after it failed for one.
///
/// - Throws: the exit code of the first failure, after all families have been tried.
func forEachFamily(_ families: [IPFamily], _ body: (IPFamily) throws -> Void) throws {
    var firstFailure: ExitCode?
    for family in families {
        do {
            try body(family)
        } catch let error as SyncError {
            let code = Console.failure("\(error)", error.exitCode)
            firstFailure = firstFailure ?? code
        } catch let code as ExitCode {
            firstFailure = firstFailure ?? code
        }
    }
    if let firstFailure { throw firstFailure }
}
