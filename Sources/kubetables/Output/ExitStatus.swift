// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KernelTables

/// The exit codes, after sysexits.h.
extension ExitCode {
    /// `plan` and `verify` found the kernel out of sync; a report uses it too for a packet that would be refused.
    static let changesFound = ExitCode(2)
    /// EX_USAGE: the command line cannot be used.
    static let wrongUsage = ExitCode(64)
    /// EX_DATAERR: the input cannot be used.
    static let badInput = ExitCode(65)
    /// EX_UNAVAILABLE: the kernel has no legacy iptables.
    static let noLegacyTables = ExitCode(69)
    /// EX_UNAVAILABLE: no running kubetables, or no cluster, answers.
    static let noAnswer = ExitCode(69)
    /// EX_SOFTWARE: the kernel refused the rules.
    static let refusedByKernel = ExitCode(70)
    /// EX_OSERR: a server cannot listen.
    static let cannotListen = ExitCode(71)
    /// EX_OSERR: another kubetables or kube-proxy keeps the rules.
    static let anotherProcess = ExitCode(71)
    /// EX_IOERR: output could not be written.
    static let outputFailed = ExitCode(74)
    /// EX_TEMPFAIL: the xtables lock was not free in time, or another process kept changing the tables without it.
    static let lockBusy = ExitCode(75)
    /// EX_NOPERM: not permitted.
    static let notPermitted = ExitCode(77)
}

extension SyncError {
    var exitCode: ExitCode {
        switch self {
        case .lock(.busy), .lock(.stopped), .stopped, .changedMeanwhile: .lockBusy
        case .lock(.unusable), .lock(.notRegularFile), .notPermitted: .notPermitted
        case .unencodable: .badInput
        case .noLegacyTables: .noLegacyTables
        case .outOfMemory, .refused: .refusedByKernel
        }
    }
}
