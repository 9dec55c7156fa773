import Compute
import Foundation
import Testing

@testable import Training

@Test func traceTimesAreMicrosecondsFromTheFirstLaunch() throws {
  let trace = ChromeTrace()
  trace.record(LaunchRecord(name: "gemm", flop: 10, byteCount: 20, begin: 5_000, end: 8_000))
  trace.record(LaunchRecord(name: "map", flop: 1, byteCount: 2, begin: 2_000, end: 2_500))
  let object = try #require(try JSONSerialization.jsonObject(with: trace.json()) as? [String: Any])
  let events = try #require(object["traceEvents"] as? [[String: Any]])
  #expect(events.map { $0["name"] as? String } == ["gemm", "map"])
  #expect(events.map { $0["ts"] as? Double } == [3, 0])
  #expect(events.map { $0["dur"] as? Double } == [3, 0.5])
  #expect(events.allSatisfy { $0["ph"] as? String == "X" })
  #expect((events[0]["args"] as? [String: Int]) == ["flop": 10, "bytes": 20])
}
