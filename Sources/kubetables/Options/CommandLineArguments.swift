/// A command line, as the shell gave it.
struct CommandLineArguments {
    /// The name that the program was called by, without folders.
    let programName: Substring
    /// What stands behind the name.
    let arguments: [String]

    /// Cuts a command line into its parts; what is missing is empty.
    init(_ words: [String]) {
        programName = words.first?.split(separator: "/").last ?? ""
        arguments = Array(words.dropFirst())
    }

    /// The arguments as our own command line has them: those of a program called kube-proxy are for `run`, and what
    /// command lines of Go may have is spelled our way.
    var ours: [String] {
        let isKubeProxy = programName == "kube-proxy"
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return (isKubeProxy ? ["run"] : []) + arguments[..<end].flatMap(Self.spelledOurWay) + arguments[end...]
    }

    /// A flag with hyphens where Kubernetes takes underscores too (`--log_dir`), and apart from an empty value
    /// (`--kubeconfig=`), which could not be told from a missing one.
    private static func spelledOurWay(_ argument: String) -> [String] {
        guard argument.hasPrefix("--") else { return [argument] }
        let name = argument.prefix { $0 != "=" }
        let value = argument[name.endIndex...]
        let hyphenated = String(name.map { $0 == "_" ? "-" : $0 })
        return value == "=" ? [hyphenated, ""] : [hyphenated + value]
    }
}
