import NetworkTypes
import RuleCompiler
import ServiceModel

/// `--explain`: which endpoints each service port uses, and why not the others.
enum Explanation {
    static func print(_ compilation: Compilation) {
        for servicePort in compilation.servicePorts {
            let port = servicePort.servicePort
            Console.say("\(servicePort.name)/\(servicePort.name.transport.rawValue) \(policies(port))")
            for line in servicePort.selection.explanation { Console.say("  \(line)") }
        }
    }

    private static func policies(_ port: ServicePort) -> String {
        let external =
            port.isExternallyAccessible ? ", external traffic policy \(port.externalTrafficPolicy.rawValue)" : ""
        return "(internal traffic policy \(port.internalTrafficPolicy.rawValue)\(external))"
    }
}
