// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel

/// Prints which endpoints each service port uses, and why not the others (`--explain`).
enum SelectionPrinter {
    static func print(_ compilation: Compilation) {
        for servicePort in compilation.servicePorts {
            let name = servicePort.name
            Console.printToStandardError("\(name)/\(name.transport.rawValue) \(policies(servicePort.servicePort))")
            for line in servicePort.selection.explanation { Console.printToStandardError("  \(line)") }
        }
    }

    private static func policies(_ port: ServicePort) -> String {
        let external =
            port.isExternallyAccessible ? ", external traffic policy \(port.externalTrafficPolicy.rawValue)" : ""
        return "(internal traffic policy \(port.internalTrafficPolicy.rawValue)\(external))"
    }
}
