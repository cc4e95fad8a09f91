// SPDX-License-Identifier: Apache-2.0

import Host
import NetworkTypes
import SystemPackage
import XTables

/// What the kernel, or libiptc, answered when it refused a call.
public struct KernelFailure: Error, Hashable, Sendable {
    /// What was tried.
    public enum Operation: Hashable, Sendable {
        /// Reading the table.
        case open
        /// Making a chain.
        case createChain(String)
        /// Removing a chain.
        case deleteChain(String)
        /// Emptying a chain.
        case flushChain(String)
        /// Adding, replacing or removing a rule of a chain.
        case editRules(String)
        /// Making all changes visible.
        case commit
    }

    /// What was tried.
    public let operation: Operation
    /// The table.
    public let table: Table
    /// The family.
    public let family: IPFamily
    /// The error number of errno.h.
    public let errorNumber: Int32

    /// Makes a failure.
    public init(_ operation: Operation, table: Table, family: IPFamily, errorNumber: Int32) {
        self.operation = operation
        self.table = table
        self.family = family
        self.errorNumber = errorNumber
    }
}

extension KernelFailure: CustomStringConvertible {
    /// What was tried and what the kernel answered, for example `committing IPv4 table nat: Invalid argument (EINVAL)`.
    public var description: String {
        let tableName = "\(family.kubernetesName) table \(table.rawValue)"
        let what =
            switch operation {
            case .open: "reading \(tableName)"
            case .createChain(let chain): "creating chain \(chain) in \(tableName)"
            case .deleteChain(let chain): "deleting chain \(chain) from \(tableName)"
            case .flushChain(let chain): "emptying chain \(chain) in \(tableName)"
            case .editRules(let chain): "changing rules of chain \(chain) in \(tableName)"
            case .commit: "committing \(tableName)"
            }
        return "\(what): \(Errno(rawValue: errorNumber).text)"
    }
}
