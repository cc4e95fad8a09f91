import Glibc
import XTables

/// The kernel's lists of recent source addresses (xt_recent), which session affinity is made of.
///
/// A list that is full forgets its oldest address for each new one, and that client loses its endpoint.
public enum RecentLists {
    /// How many addresses a list holds if the module's parameter cannot be read (net/netfilter/xt_recent.c).
    public static let defaultCapacity = 100

    /// How many addresses a list made now would hold: the module's parameter `ip_list_tot`.
    public static func capacity(
        parameterPath: String = "/sys/module/xt_recent/parameters/ip_list_tot"
    ) -> Int {
        var capacity: Int?
        forEachLine(of: parameterPath) { line in capacity = Int(line.filter { !$0.isWhitespace }) }
        return capacity ?? defaultCapacity
    }

    /// How many addresses a list holds now; `nil` if there is no such list or it cannot be read.
    ///
    /// - Parameters:
    ///   - list: its name.
    ///   - directory: `/proc/net/xt_recent` of the network namespace of the calling thread.
    public static func count(in list: ChainName, directory: String = defaultDirectory) -> Int? {
        var count = 0
        return forEachLine(of: "\(directory)/\(list)") { _ in count += 1 } ? count : nil
    }

    /// The lists that hold as many addresses as they can, sorted by name.
    public static func fullLists(directory: String = defaultDirectory, capacity: Int = capacity()) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var full: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), let list = ChainName(validating: name),
                let count = count(in: list, directory: directory), count >= capacity
            else { continue }
            full.append(name)
        }
        return full.sorted()
    }

    /// Where the lists of the calling thread's network namespace are.
    public static let defaultDirectory = "/proc/thread-self/net/xt_recent"

    /// Calls `body` with each line of a file; answers whether it could be opened.
    @discardableResult
    private static func forEachLine(of path: String, _ body: (String) -> Void) -> Bool {
        guard let stream = fopen(path, "re") else { return false }
        defer { fclose(stream) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, stream) > 0, let text = line { body(String(cString: text)) }
        return true
    }
}
