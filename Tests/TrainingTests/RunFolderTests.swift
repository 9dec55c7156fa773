import Compute
import Foundation
import Testing

@testable import Training

@Suite struct RunFolderTests {
  private func error(_ body: () throws -> Void) -> ComputeError? {
    #expect(throws: ComputeError.self, performing: body)
  }

  @Test func aRunIsNeverOverwritten() throws {
    try withTemporaryFolder { parent in
      let folder = try RunFolder.create(in: parent, named: "a", model: "toy")
      try Data("seed: 1\n".utf8).write(to: URL(fileURLWithPath: folder.configuration))
      #expect(error { _ = try RunFolder.create(in: parent, named: "a", model: "toy") }?.kind == .cannotWrite)
    }
  }

  @Test func aFolderWithoutARunIsRefused() throws {
    try withTemporaryFolder { parent in
      #expect(error { _ = try RunFolder.open(parent) }?.kind == .noInput)
    }
  }

  /// Root may write anywhere, so the folder that cannot be made stands below a file.
  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    try withTemporaryFolder { parent in
      try Data().write(to: URL(fileURLWithPath: parent + "/file"))
      let error = error { _ = try RunFolder.create(in: parent + "/file", named: "a", model: "toy") }
      #expect(error?.kind == .cannotWrite)
      #expect(error?.what.contains(parent + "/file") == true)
    }
  }

  /// Every write to this device fails as on a full disk.
  @Test func aFullDiskIsNamed() {
    let error = error { _ = try MetricsFile(path: "/dev/full", lossNames: [], metricNames: [], resumingAt: 0) }
    #expect(error?.kind == .cannotWrite)
    #expect(error?.why.contains("full") == true)
  }

  private struct Table: EvaluationTable, Equatable {
    static let columns = ["", "x"]
    static let columnWidth = 4
    let value: Double
    var cells: [[String]] { [["a", "\(value)"]] }
    var caption: String { "one value" }
  }

  /// What another version wrote is refused by name, and the way out is said.
  @Test func anEvaluationOfAnotherKindIsRefused() throws {
    try withTemporaryFolder { parent in
      let folder = try RunFolder.create(in: parent, named: "a", model: "toy")
      #expect(try Table.read(folder) == nil)
      try Table(value: 0.1).write(to: folder)
      #expect(try Table.read(folder) == Table(value: 0.1))
      for text in ["{\"other\": 1}", "[]", "half a l"] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/evaluation.json"))
        let error = error { _ = try Table.read(folder) }
        #expect(error?.kind == .data)
        #expect(error?.what.contains("evaluation.json") == true && error?.mend.contains("evaluate") == true)
      }
    }
  }

  @Test func metricsReadBackToTheSameBits() throws {
    try withTemporaryFolder { parent in
      let record = EpochRecord(
        step: 7, stage: "cascade", epoch: 1, learningRate: 0.1 + 0.2, losses: ["vertex": 1.0 / 3], metrics: [:],
        seconds: 2, dataWait: 1e-9)
      let file = try MetricsFile(
        path: parent + "/metrics.csv", lossNames: ["vertex", "edge"], metricNames: ["mpjpe"], resumingAt: 0)
      try file.append(record)
      #expect(try MetricsFile.read(parent + "/metrics.csv") == [record])
    }
  }

  @Test func aBrokenMetricsLineIsNamed() throws {
    try withTemporaryFolder { parent in
      try Data("step,stage,epoch,learning_rate,seconds,data_wait\n1,a,1\n".utf8)
        .write(to: URL(fileURLWithPath: parent + "/m.csv"))
      let error = error { _ = try MetricsFile.read(parent + "/m.csv") }
      #expect(error?.kind == .data)
      #expect(error?.what.contains("line 2") == true)
    }
  }
}
