import Compute
import Foundation
import Testing

@testable import Training

@Suite struct RunFolderTests {
  private func error(_ body: () throws -> Void) -> ComputeError? {
    #expect(throws: ComputeError.self, performing: body)
  }

  @Test func aRunIsNeverOverwritten() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder.create(in: parent.path, named: "a", model: "toy")
    try OutputFile.write("seed: 1\n", to: folder.configuration)
    #expect(error { _ = try RunFolder.create(in: parent.path, named: "a", model: "toy") }?.kind == .cannotWrite)
  }

  @Test func aFolderWithoutARunIsRefused() throws {
    let parent = try TemporaryFolder()
    #expect(error { _ = try RunFolder.open(parent.path) }?.kind == .noInput)
  }

  /// Root may write anywhere, so the folder that cannot be made stands below a file.
  @Test func aFolderThatCannotBeMadeIsNamed() throws {
    let parent = try TemporaryFolder()
    try OutputFile.write("", to: parent.file("file"))
    let error = error { _ = try RunFolder.create(in: parent.file("file"), named: "a", model: "toy") }
    #expect(error?.kind == .cannotWrite)
    #expect(error?.what.contains(parent.file("file")) == true)
  }

  @Test func aFullDiskIsNamed() {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let error = error { try OutputFile.append(Data("text".utf8), to: descriptor, path: "a") }
    #expect(error?.kind == .cannotWrite)
    #expect(error?.why.contains("full") == true)
  }

  @Test(arguments: [(EACCES, ComputeError.Kind.permission), (EROFS, .permission), (ENOSPC, .cannotWrite), (EIO, .cannotWrite)])
  func systemErrorsHaveTheirKind(code: Int32, kind: ComputeError.Kind) {
    #expect(OutputFile.failure(writing: "a", code).kind == kind)
  }

  @Test func aFailedWriteLeavesWhatStood() throws {
    let parent = try TemporaryFolder()
    try OutputFile.createFolder(parent.file("target"))
    // A folder cannot be replaced by a file: the rename fails after the bytes are written.
    #expect(error { try OutputFile.write("text", to: parent.file("target")) } != nil)
    #expect(parent.contents == ["target"])
  }

  @Test func aWriteReplacesAndLeavesNoOtherFile() throws {
    let parent = try TemporaryFolder()
    try OutputFile.write("one", to: parent.file("a"))
    try OutputFile.write("two", to: parent.file("a"))
    #expect(FileManager.default.contents(atPath: parent.file("a")) == Data("two".utf8))
    #expect(parent.contents == ["a"])
  }

  @Test func metricsReadBackToTheSameBits() throws {
    let parent = try TemporaryFolder()
    let record = EpochRecord(
      step: 7, stage: "cascade", epoch: 1, learningRate: 0.1 + 0.2, losses: ["vertex": 1.0 / 3], metrics: [:],
      seconds: 2, dataWait: 1e-9)
    let file = try MetricsFile(
      path: parent.file("metrics.csv"), lossNames: ["vertex", "edge"], metricNames: ["mpjpe"], resumingAt: 0)
    try file.append(record)
    #expect(try MetricsFile.read(parent.file("metrics.csv")) == [record])
  }

  @Test func aBrokenMetricsLineIsNamed() throws {
    let parent = try TemporaryFolder()
    try OutputFile.write("step,stage,epoch,learning_rate,seconds,data_wait\n1,a,1\n", to: parent.file("m.csv"))
    let error = error { _ = try MetricsFile.read(parent.file("m.csv")) }
    #expect(error?.kind == .data)
    #expect(error?.what.contains("line 2") == true)
  }
}
