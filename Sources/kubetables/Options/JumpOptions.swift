// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// Where our jumps stand among foreign rules: an option of all commands that compare rules with the kernel.
struct JumpOptions: ParsableArguments {
    @Option(.keepJumpsFirst) var keepJumpsFirst: FlagValue?
}
