// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// A Chromium without a window that a test drives, by the DevTools protocol over pipes.
///
/// It belongs to one test: whatever waits blocks the test's thread.
public final class Browser {
    private let process: BackgroundProcess
    private let folder: TemporaryFolder
    private let requests: Int32
    private let answers: Int32
    private var received: [UInt8] = []
    private var lastNumber = 0
    private var session = ""
    /// Errors that scripts threw, that the console got, and that the browser reported, for example of the page's policy.
    public private(set) var errors: [String] = []

    /// How long an answer may take; a machine that is busy with other tests is slow.
    private static let patience = Duration.seconds(30)

    /// Starts a browser inside a network namespace.
    public convenience init(in namespace: NetworkNamespace) throws {
        try self.init(["ip", "netns", "exec", namespace.name])
    }

    /// Starts a browser on a host of a lab.
    public convenience init(on host: String, of lab: Lab) throws {
        try self.init(["ip", "netns", "exec", "\(lab.prefix)-\(host)"])
    }

    /// Starts a browser with one empty page.
    ///
    /// - Parameter prefix: a command that runs the browser elsewhere, for example in a network namespace.
    public init(_ prefix: [String] = []) throws {
        folder = try TemporaryFolder()
        let paths = ["requests", "answers"].map { [folder] in "\(folder.path)/\($0)" }
        for path in paths { mkfifo(path, 0o600) }
        // Open for both directions: nobody then waits for the other end.
        requests = open(paths[0], O_RDWR | O_CLOEXEC)
        answers = open(paths[1], O_RDWR | O_CLOEXEC)
        // The browser reads descriptor 3 and writes descriptor 4.
        let shell = ["bash", "-c", "exec \"${@:3}\" 3<\"$1\" 4>\"$2\"", "bash"] + paths
        process = try BackgroundProcess(
            prefix + shell + ["chromium"] + Self.options + ["--user-data-dir=\(folder.path)/profile"])
        let target = try call("Target.createTarget", ["url": "about:blank"])
        let attached = try call(
            "Target.attachToTarget", ["targetId": target["targetId"] as? String ?? "", "flatten": true])
        session = attached["sessionId"] as? String ?? ""
        for domain in ["Page", "Runtime", "Log"] { _ = try call("\(domain).enable") }
        try resize(width: 1280, height: 900)
    }

    deinit {
        session = ""
        if (try? call("Browser.close")) == nil { process.signal(SIGKILL) }
        _ = try? process.wait()
        close(requests)
        close(answers)
    }

    private static let options = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
        "--remote-debugging-pipe",
    ]

    // MARK: What tests do

    /// Leaves out of ``errors`` what a test has caused by intention.
    public func forgetErrors() {
        // Those that have not been read yet too.
        _ = try? value("1")
        errors = []
    }

    /// Opens an address, and waits until it is loaded.
    public func visit(_ address: String) throws {
        _ = try call("Page.navigate", ["url": address])
        try wait(for: "document.readyState === 'complete' && location.href.startsWith('http')")
    }

    /// The value of an expression of JavaScript in the page; `nil` if it has none.
    @discardableResult public func value(_ expression: String) throws -> Any? {
        let answer = try call(
            "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
        if let failure = answer["exceptionDetails"] as? [String: Any] {
            throw ProcessFailure(description: "\(expression): \(failure)")
        }
        return (answer["result"] as? [String: Any])?["value"]
    }

    /// The text of the first element that a selector of CSS finds; empty without one.
    public func text(_ selector: String) throws -> String {
        try value("document.querySelector(\(Self.literal(selector)))?.innerText ?? ''") as? String ?? ""
    }

    /// The number of elements that a selector of CSS finds.
    public func count(_ selector: String) throws -> Int {
        try value("document.querySelectorAll(\(Self.literal(selector))).length") as? Int ?? 0
    }

    /// Waits until an expression of JavaScript is true.
    ///
    /// - Throws: ``ProcessFailure`` with the text of the page, if it does not become so.
    public func wait(for expression: String) throws {
        let deadline = ContinuousClock.now + Self.patience
        while try value("Boolean(\(expression))") as? Bool != true {
            guard ContinuousClock.now < deadline else {
                let page = try value("document.body.innerText") as? String ?? ""
                throw ProcessFailure(
                    description: "not within \(Self.patience): \(expression)\n\(errors)\n\(page.prefix(4000))")
            }
            usleep(20_000)
        }
    }

    /// Waits until the text of the first element that a selector finds holds `text`.
    public func wait(for text: String, in selector: String) throws {
        try wait(for: "document.querySelector(\(Self.literal(selector)))?.innerText.includes(\(Self.literal(text)))")
    }

    /// Clicks on the first element that a selector finds.
    public func click(_ selector: String) throws {
        _ = try value("document.querySelector(\(Self.literal(selector))).click()")
    }

    /// Types a text where the focus is.
    public func type(_ text: String) throws { _ = try call("Input.insertText", ["text": text]) }

    /// A key that tests press.
    public enum Key: String {
        case tab = "Tab"
        case enter = "Enter"
        case escape = "Escape"
        case slash = "/"
        case n, g, t

        /// The number that Windows has for it, by which browsers know keys.
        fileprivate var code: Int {
            switch self {
            case .tab: 9
            case .enter: 13
            case .escape: 27
            case .slash: 191
            case .n, .g, .t: Int(rawValue.uppercased().utf8.first ?? 0)
            }
        }

        fileprivate var text: String? {
            switch self {
            case .enter: "\r"
            case .tab, .escape: nil
            case .slash, .n, .g, .t: rawValue
            }
        }
    }

    /// Presses a key.
    public func press(_ key: Key) throws {
        var event: [String: Any] = ["type": "keyDown", "key": key.rawValue, "windowsVirtualKeyCode": key.code]
        event["text"] = key.text
        _ = try call("Input.dispatchKeyEvent", event)
        event["type"] = "keyUp"
        event["text"] = nil
        _ = try call("Input.dispatchKeyEvent", event)
    }

    /// Makes the browser prefer dark or light pages.
    public func prefer(dark: Bool) throws {
        let feature = ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"]
        _ = try call("Emulation.setEmulatedMedia", ["features": [feature]])
    }

    /// Sets the size of the window, in pixels.
    public func resize(width: Int, height: Int) throws {
        _ = try call(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    }

    // MARK: The protocol

    /// Each message is JSON that ends with a zero byte.
    @discardableResult private func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
        lastNumber += 1
        var message: [String: Any] = ["id": lastNumber, "method": method, "params": parameters]
        if !session.isEmpty { message["sessionId"] = session }
        let bytes = try Array(JSONSerialization.data(withJSONObject: message)) + [0]
        guard write(requests, bytes, bytes.count) == bytes.count else {
            throw ProcessFailure(description: "the browser takes no message")
        }
        let deadline = ContinuousClock.now + Self.patience
        while ContinuousClock.now < deadline {
            guard let answer = try nextMessage() else { continue }
            guard answer["id"] as? Int == lastNumber else {
                note(answer)
                continue
            }
            if let error = answer["error"] { throw ProcessFailure(description: "\(method): \(error)") }
            return answer["result"] as? [String: Any] ?? [:]
        }
        throw ProcessFailure(description: "the browser does not answer \(method): \(process.errors.suffix(2000))")
    }

    /// The next message; `nil` if none comes for a moment.
    private func nextMessage() throws -> [String: Any]? {
        while true {
            if let end = received.firstIndex(of: 0) {
                let message = Data(received[..<end])
                received.removeSubrange(...end)
                return try JSONSerialization.jsonObject(with: message) as? [String: Any]
            }
            var event = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 200) > 0 else { return nil }
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            let count = read(answers, &buffer, buffer.count)
            if count > 0 { received += buffer[..<count] }
        }
    }

    private func note(_ event: [String: Any]) {
        let parameters = event["params"] as? [String: Any] ?? [:]
        switch event["method"] as? String {
        case "Runtime.exceptionThrown":
            errors.append("\(parameters["exceptionDetails"] ?? "")")
        case "Runtime.consoleAPICalled":
            if parameters["type"] as? String == "error" { errors.append("\(parameters["args"] ?? "")") }
        case "Log.entryAdded":
            let entry = parameters["entry"] as? [String: Any] ?? [:]
            if entry["level"] as? String == "error" { errors.append("\(entry["text"] ?? "") \(entry["url"] ?? "")") }
        default: break
        }
    }

    private static func literal(_ text: String) -> String {
        let data = try? JSONSerialization.data(withJSONObject: [text])
        return String(String(decoding: data ?? Data(), as: UTF8.self).dropFirst().dropLast())
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test where Chromium is not installed, unless the environment forbids skipping.
    public static var needsBrowser: Self {
        .enabled(
            if: ProcessInfo.processInfo.environment[KernelTests.requirement] == "1"
                || (try? Subprocess.run(["chromium", "--version"]))?.status == 0,
            "SKIPPED: chromium is not installed (scripts/setup --tests); \(KernelTests.requirement)=1 makes it a failure"
        )
    }
}
