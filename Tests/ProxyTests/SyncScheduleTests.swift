// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Proxy

@Suite("When tables are read and written") struct SyncScheduleTests {
    private let start = ContinuousClock.now
    private var schedule = SyncSchedule(minimumPeriod: .seconds(1), period: .seconds(30))

    @Test("not before the first change")
    func first() {
        var schedule = schedule
        #expect(schedule.next(at: start) == .wait(until: start + .seconds(30)))
        schedule.change()
        #expect(schedule.next(at: start) == .synchronize)
    }

    @Test("at once after a quiet time, then a second after the end of the last run")
    func coalescing() {
        var schedule = schedule
        schedule.change()
        schedule.begin()
        schedule.change()
        let end = start + .seconds(3)
        schedule.end(at: end, .succeeded)
        #expect(schedule.next(at: end) == .wait(until: end + .seconds(1)))
        #expect(schedule.next(at: end + .seconds(1)) == .synchronize)
        schedule.begin()
        schedule.end(at: end + .seconds(2), .succeeded)
        schedule.change()
        #expect(schedule.next(at: end + .seconds(20)) == .synchronize)
    }

    @Test("an urgent change waits only for as long as the last run took, and no longer than others")
    func urgency() {
        var schedule = schedule
        schedule.change()
        schedule.begin(at: start)
        schedule.end(at: start + .milliseconds(200), .succeeded)
        schedule.change()
        schedule.change(isUrgent: true)
        #expect(schedule.next(at: start + .milliseconds(300)) == .wait(until: start + .milliseconds(400)))
        #expect(schedule.next(at: start + .milliseconds(400)) == .synchronize)
        schedule.begin(at: start + .milliseconds(400))
        schedule.end(at: start + .milliseconds(500), .succeeded)
        schedule.change()
        #expect(schedule.next(at: start + .milliseconds(700)) == .wait(until: start + .milliseconds(1500)))
        schedule.begin(at: start + .seconds(2))
        schedule.end(at: start + .seconds(9), .succeeded)
        schedule.change(isUrgent: true)
        #expect(schedule.next(at: start + .seconds(9)) == .wait(until: start + .seconds(10)))
    }

    @Test("every period, if only for a check; what failed is tried again then, or with a change")
    func period() {
        var schedule = schedule
        schedule.change()
        schedule.begin()
        schedule.end(at: start, .succeeded)
        #expect(schedule.next(at: start + .seconds(29)) == .wait(until: start + .seconds(30)))
        #expect(schedule.next(at: start + .seconds(30)) == .check)
        schedule.begin()
        schedule.end(at: start, .failed)
        #expect(schedule.next(at: start + .seconds(29)) == .wait(until: start + .seconds(30)))
        #expect(schedule.next(at: start + .seconds(30)) == .synchronize)
        schedule.change()
        #expect(schedule.next(at: start + .seconds(2)) == .synchronize)
    }

    @Test("after 1, 2, 4 … seconds up to the period if the lock was busy, and from the beginning after anything else")
    func busyLock() {
        var schedule = schedule
        schedule.change()
        schedule.begin()
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            schedule.end(at: start, .lockBusy)
            #expect(schedule.retryDelay == .seconds(seconds))
            #expect(schedule.next(at: start) == .wait(until: start + .seconds(seconds)))
            #expect(schedule.next(at: start + .seconds(seconds)) == .synchronize)
        }
        schedule.end(at: start, .failed)
        #expect(schedule.retryDelay == .seconds(30))
        schedule.end(at: start, .lockBusy)
        #expect(schedule.retryDelay == .seconds(1))
        schedule.change()
        #expect(schedule.next(at: start + .seconds(1)) == .synchronize)
        schedule.period = .milliseconds(200)
        #expect(schedule.retryDelay == .milliseconds(200))
    }

    @Test("a check that finds nothing delays the next check, and no change")
    func checks() {
        var schedule = schedule
        schedule.change()
        schedule.begin()
        schedule.end(at: start, .succeeded)
        schedule.checked(at: start + .seconds(30))
        #expect(schedule.next(at: start + .seconds(31)) == .wait(until: start + .seconds(60)))
        schedule.change()
        #expect(schedule.next(at: start + .milliseconds(30_001)) == .synchronize)
    }

    @Test("all rules are compared each period where that is cheap, and seldom where it is not")
    func pace() {
        var pace = CheckPace()
        #expect(pace.isDue(at: start))
        pace.compared(at: start, taking: .milliseconds(10))
        #expect(!pace.isDue(at: start + .seconds(2)))
        #expect(pace.isDue(at: start + .seconds(3)))
        // Once may be chance.
        pace.compared(at: start, taking: .seconds(1))
        #expect(pace.isDue(at: start + .seconds(3)))
        pace.compared(at: start, taking: .seconds(1))
        #expect(!pace.isDue(at: start + .seconds(249)))
        #expect(pace.isDue(at: start + .seconds(250)))
    }
}

@Suite("An alarm") struct AlarmTests {
    @Test("that rang while its task was awake ends the next sleep at once, and only that")
    func rings() async {
        let alarm = Alarm()
        await alarm.ring()
        await alarm.ring()
        let clock = ContinuousClock()
        let first = await clock.measure { await alarm.sleep(until: .now + .seconds(60)) }
        #expect(first < .seconds(30))
        let second = await clock.measure { await alarm.sleep(until: .now + .milliseconds(50)) }
        #expect(second >= .milliseconds(50))
    }

    @Test("wakes its task when it rings, and when the task is cancelled")
    func wakes() async {
        let alarm = Alarm()
        let clock = ContinuousClock()
        for isCancelled in [false, true] {
            let sleeper = Task { await alarm.sleep(until: .now + .seconds(60)) }
            try? await Task.sleep(for: .milliseconds(20))
            if isCancelled { sleeper.cancel() } else { await alarm.ring() }
            #expect(await clock.measure { await sleeper.value } < .seconds(30))
        }
    }
}
