import ArgumentParser
import KubernetesObjects
import Logging
import Proxy
import ProxyConfiguration

/// Where Services and endpoints come from.
struct SourceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A directory of manifests, which is watched.", valueName: "directory"),
        completion: .directory)
    var manifests: String?

    /// The source that flags, configuration and surroundings name.
    func objectSource(_ options: ProxyOptions) throws -> ObjectSource {
        .manifests(ManifestSource(directory: manifests ?? RunCommand.defaultManifests))
    }
}

/// A source of objects.
enum ObjectSource: CustomStringConvertible {
    /// A directory of manifests.
    case manifests(ManifestSource)

    /// The kinds it lists before rules are made.
    var requiredKinds: Set<KubernetesObject.Kind> { [.service, .endpointSlice] }

    /// Where objects come from.
    var description: String {
        switch self {
        case .manifests(let source): "the manifests in \(source.directory)"
        }
    }

    /// Tells what there is and what changes, until the task is cancelled.
    func run(logger: Logger, _ deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void) async {
        switch self {
        case .manifests(let source):
            await source.run(
                report: { diagnostics in
                    for diagnostic in diagnostics { logger.log(level: diagnostic.level, "\(diagnostic)") }
                }, deliver: deliver)
        }
    }
}

extension Diagnostic {
    /// How much it matters in a log.
    fileprivate var level: Logger.Level {
        switch severity {
        case .error: .error
        case .warning: .warning
        case .note: .info
        }
    }
}
