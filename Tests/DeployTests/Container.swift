// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// What a container runtime does to a process, as far as the program can tell: a file system that cannot be written but
/// for volumes, two capabilities, no way to more.
///
/// The kernel does it: mounts in a mount namespace of its own, and capabilities that are taken away for good. It runs in
/// the network namespace that its command is started in, as a pod with `hostNetwork: true`.
struct Container {
    /// A file or folder of the machine that the container sees.
    struct Volume {
        let source: String
        /// Below /run, /var/run or /var/lib, which are otherwise empty.
        let target: String
        var isReadOnly = false
    }

    /// Who the process is.
    enum User: CaseIterable {
        /// User 0, without what user 0 may otherwise do.
        case root
        /// User 65534, who owns nothing.
        case nobody
    }

    var volumes: [Volume] = []
    var capabilities = ["net_admin", "net_raw"]
    var user = User.root

    /// The command that runs a program of ours in the container.
    ///
    /// - Parameter arguments: the program's arguments.
    func command(_ arguments: [String]) -> [String] {
        ["sh", "-euc", script, "container"] + privileges + [Self.programFolder + "/kubetables"] + arguments
    }

    /// The built program may lie below a folder that only root can enter.
    private static let programFolder = "/run/kubetables-program"

    private var script: String {
        let volumes = volumes + [Volume(source: Repository.products.path, target: Self.programFolder, isReadOnly: true)]
        return """
            mount --make-rprivate /
            mount -t tmpfs -o mode=755 tmpfs /run
            mount -t tmpfs -o mode=755 tmpfs /var/lib
            \(volumes.map(\.placeText).joined(separator: "\n"))
            mount --bind /proc/sys /proc/sys
            sed -n 's,^[^ ]* \\(/[^ ]*\\) .*,\\1,p' /proc/self/mounts | grep -vE '^/(dev|sys|proc($|/[^s]))' |
            while read -r place; do ! mountpoint -q "$place" || mount -o remount,bind,ro "$place"; done
            \(volumes.map(\.mountText).joined(separator: "\n"))
            if touch /container-can-be-written 2>/dev/null; then echo "the container can be written" >&2; exit 99; fi
            exec setpriv "$@"
            """
    }

    private var privileges: [String] {
        let set = "-all" + capabilities.map { ",+\($0)" }.joined()
        let identity = ["--reuid=65534", "--regid=65534", "--clear-groups", "--ambient-caps=\(set)"]
        return (user == .nobody ? identity : []) + ["--bounding-set=\(set)", "--inh-caps=\(set)", "--no-new-privs"]
    }
}

extension Container.Volume {
    /// Makes the place where it is mounted: a folder for a folder, a file for a file.
    fileprivate var placeText: String {
        """
        mkdir -p "$(dirname '\(target)')"
        if [ -d '\(source)' ]; then mkdir -p '\(target)'; else : >'\(target)'; fi
        """
    }

    fileprivate var mountText: String {
        "mount --bind '\(source)' '\(target)'"
            + (isReadOnly ? "\nmount -o remount,bind,ro '\(target)'" : "")
    }
}
