import ArgumentParser
import KernelTables
import NetworkTypes

/// How the kernel's tables are reached.
struct KernelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How long to wait for the xtables lock; 0 tries once.", valueName: "seconds"))
    var lockWait = 5.0

    @Option(
        help: ArgumentHelp("The xtables lock that all writers of legacy tables share.", valueName: "path"),
        completion: .file())
    var lockFile = XTablesLock.defaultPath

    mutating func validate() throws {
        guard lockWait >= 0, lockWait <= Self.longestWait else {
            throw ValidationError("--lock-wait: \(lockWait) is no time to wait; it must be from 0 to 86400 seconds")
        }
    }

    private static let longestWait = 86400.0

    /// What reads and changes the tables.
    var syncer: Syncer {
        Syncer(store: LibiptcStore(), lock: XTablesLock(path: lockFile, limit: .seconds(lockWait)))
    }
}

extension SyncError {
    /// The exit code that tells a script what kind of error it is.
    var exitCode: ExitCode {
        switch self {
        case .lock(.busy), .changedMeanwhile: .lockBusy
        case .lock(.unusable), .notPermitted: .notPermitted
        case .unencodable: .badInput
        case .noLegacyTables: .noLegacyTables
        case .outOfMemory, .refused: .refusedByKernel
        }
    }
}

/// Does something for each family, and goes on with the others when it fails for one.
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
