// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The page of the running program in a browser, in the network namespace of its node.
@Suite("The page in a browser", .needsKernel, .needsBrowser, .serialized) struct WebPageTests {
    private static let address = "http://127.0.0.1:10249/"

    @Test("shows Services, endpoints with shares, rates of real connections, and where a packet goes")
    func traffic() throws {
        let lab = try Lab(pods: ["myapp-1=10.244.2.59", "myapp-2=10.244.1.191", "myapp-3=10.244.2.60"])
        for pod in 1...3 { try lab.serve("myapp-\(pod)", port: 80) }
        let folder = try TemporaryFolder()
        let objects = Repository.fixtures.appending(path: "walkthrough/objects.yaml")
        try folder.write("manifests/objects.yaml", String(contentsOf: objects, encoding: .utf8))
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--node-ip", "192.168.50.10", "--cluster-cidr", "10.244.0.0/16", "--socket", "none"]
                + ["--lock-file", "\(folder.path)/lock", "--owner-lock-file", "\(folder.path)/owner"])
        try program.waitForErrors(containing: "start: IPv4")
        let browser = try Browser(on: "node", of: lab)

        try browser.visit(Self.address)
        try browser.wait(for: "1-3 of 3 service ports", in: ".pager")
        try browser.wait(for: "node-1", in: "#node")
        try browser.wait(for: "in sync", in: "#sync")
        try browser.wait(for: "myapp:http", in: "tbody")
        #expect(try browser.text("tbody tr").contains("30080"))
        try checkSearch(browser)
        try checkService(browser, lab)
        try checkTrace(browser)
        #expect(browser.errors == [])
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    private func checkSearch(_ browser: Browser) throws {
        try browser.press(.slash)
        try browser.type("default 6379")
        try browser.wait(for: "1-1 of 1 service ports", in: ".pager")
        #expect(try browser.text("tbody").contains("redis:6379"))
        #expect(try browser.value("location.hash") as? String == "#/services?search=default%206379")
        try browser.press(.escape)
        try browser.wait(for: "1-3 of 3 service ports", in: ".pager")
        try browser.click(".filters button:nth-child(2)")
        try browser.wait(for: "1-1 of 1 service ports", in: ".pager")
        #expect(try browser.text("tbody").contains("not-proxied"))
        #expect(try browser.value("location.hash") as? String == "#/services?state=not-proxied")
    }

    private func checkService(_ browser: Browser, _ lab: Lab) throws {
        try browser.visit("\(Self.address)#/service/default/myapp")
        try browser.wait(for: "Endpoints: 3 of 3 used", in: ".port")
        #expect(try browser.count("svg.bar") == 3)
        #expect(try browser.value("document.querySelector('.bar .share').getAttribute('width')") as? String == "33.3%")
        #expect(try browser.text(".port").contains("myapp-c5zmd"))
        #expect(
            try browser.value("document.querySelector('[aria-label=\"Trace a packet to node port\"]')?.hash") as? String
                == "#/trace?to=192.168.50.10%3A30080%2Ftcp")
        // Counted and compared with the expected shares as long as the page is open.
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 30).count == 3)
        try browser.wait(for: "document.querySelectorAll('.bar .counted').length === 3")
        try browser.wait(for: "30", in: ".numbers div:nth-child(3) dd")
        try browser.wait(for: "document.querySelector('.picture img')?.naturalWidth > 500")
        try browser.click("details > summary")
        #expect(try browser.text(".port pre").contains("nat: -A KUBE-SVC-"))
        try browser.visit("\(Self.address)#/services?sort=-connections")
        try browser.wait(for: "document.querySelector('tbody td:nth-child(9)')?.innerText.match(/[0-9]/)")
    }

    private func checkTrace(_ browser: Browser) throws {
        try browser.visit("\(Self.address)#/trace")
        try browser.wait(for: "document.querySelector('form')")
        try browser.value("document.querySelector('#from').focus()")
        try browser.type("192.168.50.20")
        try browser.press(.tab)
        try browser.type("192.168.50.10:30080/tcp")
        try browser.press(.enter)
        try browser.wait(for: "document.querySelectorAll('.outcomes > li').length === 3")
        #expect(try browser.text(".outcome").contains("1/3"))
        #expect(try browser.text(".trace").contains("masqueraded to 192.168.50.10"))
        #expect(try browser.text(".trace > .hops").contains("KUBE-NODEPORTS#1"))
        try browser.visit("\(Self.address)#/trace?from=192.168.50.20&to=nowhere")
        try browser.wait(for: "invalid destination \"nowhere\"", in: ".trace")
        // That answer has status 400, which browsers report as an error.
        browser.forgetErrors()
    }

    /// What a Pod, a node or a zone may be called by people who want to harm those who see it.
    private static let hostile = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: "<img src=x onerror=hit(1)>"}
        spec: {clusterIP: 10.96.0.11, ports: [{port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints:
        - addresses: ["10.244.1.11"]
          nodeName: "<script>hit(2)</script>"
          zone: "\\"><svg onload=hit(3)>"
          targetRef: {kind: Pod, name: "<img src=x onerror=hit(4)>\\u202exob"}
        """

    @Test("shows names as text, whatever they are, and runs nothing of them")
    func hostileNames() throws {
        let node = try StatusNode()
        try node.write(Self.hostile)
        try node.start()
        let browser = try Browser(in: node.namespace)
        try browser.visit(Self.address)
        try browser.value("window.hits = 0; window.hit = () => { window.hits += 1; }")
        for view in [
            "#/services", "#/service/default/web", "#/node", "#/service/default/%3Cimg%20src%3Dx%20onerror%3Dhit(5)%3E",
            "#/service/%22%3E%3Cimg%20src%3Dx%20onerror%3Dhit(6)%3E/x", "#/%3Cimg%20src%3Dx%20onerror%3Dhit(7)%3E",
            "#/services?search=%3Cimg%20src%3Dx%20onerror%3Dhit(8)%3E", "#/trace?from=%3Cimg%20src%3Dx%3E&to=%3Cimg%3E",
        ] {
            try browser.value("location.hash = \"\(view)\"")
            try browser.wait(for: "!document.querySelector('main').innerText.includes('loading …')")
            #expect(try browser.count("img:not(header img, .picture img)") == 0, "\(view)")
            #expect(try browser.count("main script, main svg[onload]") == 0, "\(view)")
        }
        try browser.value("location.hash = '#/services'")
        try browser.wait(for: "<img src=x onerror=hit(1)>", in: "tbody")
        try browser.value("location.hash = '#/service/default/web'")
        try browser.wait(for: "<img src=x onerror=hit(4)>\\u{202e}xob", in: ".port")
        try browser.wait(for: "<script>hit(2)</script>", in: ".port")
        try browser.wait(for: "document.querySelector('.picture img')?.naturalWidth > 100")
        #expect(try browser.value("window.hits") as? Int == 0)
        // A script that tries it nevertheless is stopped by the page's policy, and so is an image from elsewhere.
        let attempt = "try { document.body.innerHTML = '<p>'; 'done' } catch (error) { error.name }"
        #expect(try browser.value(attempt) as? String == "TypeError")
        #expect(
            try browser.value("fetch('http://127.0.0.2:1/').catch((error) => error.name)") as? String == "TypeError")
    }

    @Test("shows syncs, drift and events, can be used by keyboard alone, and is light or dark as wanted")
    func node() throws {
        let node = try StatusNode()
        try node.write(WebService.objects(endpoint: "10.244.1.11"))
        try node.start()
        try node.namespace.run("iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES")
        try node.write(WebService.objects(endpoint: "10.244.1.12"))
        let browser = try Browser(in: node.namespace)
        try browser.prefer(dark: false)
        try browser.visit("\(Self.address)#/node")
        try browser.wait(for: "IPv4 in sync", in: ".card")
        try browser.wait(for: "document.querySelectorAll('.chart .median').length > 0")
        // Manifests have no times of changes: there is one chart, of what a sync takes.
        #expect(try browser.count("figure") == 1)
        #expect(
            try browser.text("figcaption").hasPrefix("Duration of syncs that changed the kernel (manifests do not have")
        )
        try browser.wait(for: "document.querySelector('main').innerText.match(/Rules repaired\\s/)")
        try browser.wait(for: "drift repaired in 1 chain", in: "main")
        try browser.wait(for: "default/web", in: "main")

        try checkKeyboard(browser)
        try checkThemes(browser)
        #expect(browser.errors == [])
    }

    private func checkKeyboard(_ browser: Browser) throws {
        func focused() throws -> String {
            try browser.value("document.activeElement.innerText || document.activeElement.id") as? String ?? ""
        }
        // Another address: the focus of a page that is loaded is at its beginning.
        try browser.visit("\(Self.address)?keys#/services")
        try browser.wait(for: "web:80", in: "tbody")
        var seen: [String] = []
        for _ in 0..<24 {
            try browser.press(.tab)
            seen.append(try focused())
            if seen.last == "web:80" { break }
        }
        for stop in ["Skip to the content", "Services", "Trace", "as the browser", "search", "Endpoints", "web:80"] {
            #expect(seen.contains { $0.hasPrefix(stop) }, "\(stop) in \(seen)")
        }
        try browser.press(.enter)
        try browser.wait(
            for: "document.activeElement.id === 'title' && document.activeElement.innerText === 'default/web'")
        // A refresh leaves the focus where it is.
        try browser.wait(for: "rules", in: ".port summary")
        try browser.value("document.querySelector('.port summary').focus()")
        let time = try browser.text("#updated")
        try browser.wait(for: "document.querySelector('#updated').innerText !== '\(time)'")
        #expect(try focused().hasSuffix("rules"))
        try browser.press(.g)
        try browser.press(.t)
        try browser.wait(for: "location.hash === '#/trace' && document.activeElement.innerText === 'Trace'")
        try browser.press(.g)
        try browser.press(.n)
        try browser.wait(for: "location.hash === '#/node' && document.activeElement.innerText === 'Node'")
    }

    private func checkThemes(_ browser: Browser) throws {
        func paper() throws -> String {
            try browser.value("getComputedStyle(document.body).backgroundColor") as? String ?? ""
        }
        let light = "rgb(255, 255, 255)"
        #expect(try paper() == light)
        try browser.prefer(dark: true)
        #expect(try paper() == "rgb(13, 17, 23)")
        let choose = "document.querySelector('#theme').value = 'light'"
        try browser.value("\(choose); document.querySelector('#theme').dispatchEvent(new Event('change'))")
        #expect(try paper() == light)
        try browser.visit("\(Self.address)?again#/trace")
        try browser.wait(for: "document.querySelector('form')")
        #expect(try paper() == light)
    }
}
