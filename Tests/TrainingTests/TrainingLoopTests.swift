import Compute
import Foundation
import Logging
import Testing

@testable import Training

@Suite struct TrainingLoopTests {
  private static let stages = [
    TrainingStage(name: "first", settings: StageSettings(epochs: 2, stepsPerEpoch: 5, batch: 4, decayEpoch: 1)),
    TrainingStage(
      name: "second",
      settings: StageSettings(
        epochs: 3, stepsPerEpoch: 4, batch: 4, learningRate: 0.01, decayEpoch: 2, evaluateEvery: 2)),
  ]

  private func loop(
    _ job: ToyJob, _ folder: RunFolder, batchThreads: Int = 1, isInterrupted: @escaping () -> Bool = { false }
  ) -> TrainingLoop<ToyJob> {
    TrainingLoop(
      job: job, stages: Self.stages, folder: folder, bestMetric: "error",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      console: Console(descriptor: -1, isTerminal: false, usesColour: false), batchThreads: batchThreads,
      isInterrupted: isInterrupted)
  }

  private func withRun(_ body: (RunFolder) throws -> Void) throws {
    try withTemporaryFolder { try body(RunFolder.create(in: $0, named: "run", model: "toy")) }
  }

  @Test func leavesMetricsAndCheckpoints() throws {
    try withRun { folder in
      let job = ToyJob()
      #expect(try loop(job, folder).run() == .finished)
      #expect(job.stepsRun == 22)

      let records = try MetricsFile.read(folder.metrics)
      #expect(records.map(\.step) == [5, 10, 14, 18, 22])
      #expect(records.map(\.stage) == ["first", "first", "second", "second", "second"])
      #expect(records.map(\.epoch) == [1, 2, 1, 2, 3])
      #expect(records.map(\.learningRate) == [1e-3, 1e-4, 0.01, 0.01, 0.001])
      // The second stage is evaluated after its second epoch and after its last.
      #expect(records.map { $0.metrics["error"] != nil } == [true, true, false, true, true])
      #expect(records.allSatisfy { $0.losses["total"] == 4 * ($0.losses["square"] ?? 0) })
      #expect(records.allSatisfy { (0...1).contains($0.dataWait) })

      let final = try Checkpoint(path: folder.checkpoint(.final))
      #expect(final.tensors == job.snapshot().tensors)
      let latest = try Checkpoint(path: folder.checkpoint(.latest))
      #expect(latest.tensors == final.tensors)
      let best = try LoopState(of: Checkpoint(path: folder.checkpoint(.best)))
      #expect(best.best == records.compactMap { $0.metrics["error"] }.min())
    }
  }

  /// Stopping after any step and continuing gives the bits of the run that was never stopped.
  @Test(arguments: [1, 4, 5, 7, 10, 11, 14, 21])
  func aResumedRunGivesTheSameBits(stopAfter: Int) throws {
    try withRun { expectedFolder in
      try withRun { folder in
        let straight = ToyJob()
        _ = try loop(straight, expectedFolder).run()

        let first = ToyJob()
        #expect(try loop(first, folder, isInterrupted: { first.stepsRun == stopAfter }).run() == .interrupted)
        #expect(first.stepsRun == stopAfter)
        let second = ToyJob()
        #expect(try loop(second, folder, batchThreads: 3).run(resuming: true) == .finished)
        #expect(second.stepsRun == 22 - stopAfter)

        for name in [RunFolder.CheckpointName.latest, .best, .final] {
          let (a, b) = (
            try Checkpoint(path: expectedFolder.checkpoint(name)), try Checkpoint(path: folder.checkpoint(name))
          )
          #expect(a.tensors == b.tensors)
          #expect(a.metadata == b.metadata)
        }
        // Everything but the clock.
        func timeless(_ folder: RunFolder) throws -> [EpochRecord] {
          try MetricsFile.read(folder.metrics).map { record in
            var record = record
            record.seconds = 0
            record.dataWait = 0
            return record
          }
        }
        #expect(try timeless(expectedFolder) == timeless(folder))
      }
    }
  }

  /// A run that was killed after it had written metrics but no checkpoint repeats the epoch, not its line.
  @Test func metricsAreCutBackToTheCheckpoint() throws {
    try withRun { folder in
      let job = ToyJob()
      _ = try loop(job, folder, isInterrupted: { job.stepsRun == 7 }).run()
      let stray = EpochRecord(
        step: 10, stage: "first", epoch: 2, learningRate: 1, losses: ["total": 99], metrics: [:], seconds: 1,
        dataWait: 0)
      try MetricsFile(path: folder.metrics, lossNames: job.lossNames, metricNames: job.metricNames, resumingAt: 7)
        .append(stray)
      _ = try loop(ToyJob(), folder).run(resuming: true)
      #expect(try MetricsFile.read(folder.metrics).map(\.step) == [5, 10, 14, 18, 22])
      #expect(try MetricsFile.read(folder.metrics)[1].losses["total"] != 99)
    }
  }

  @Test func aFinishedRunHasNothingToResume() throws {
    try withRun { folder in
      _ = try loop(ToyJob(), folder).run()
      let again = ToyJob()
      #expect(try loop(again, folder).run(resuming: true) == .finished)
      #expect(again.stepsRun == 0)
      #expect(try MetricsFile.read(folder.metrics).count == 5)
    }
  }

  @Test func divergenceStopsTheRunAndKeepsTheLastCheckpoint() throws {
    try withRun { folder in
      let job = ToyJob()
      job.divergesAt = 8
      let error = #expect(throws: ComputeError.self) { _ = try loop(job, folder).run() }
      #expect(error?.what == "first, step 9: the total loss is nan")
      let state = try LoopState(of: Checkpoint(path: folder.checkpoint(.latest)))
      #expect(state.position == TrainingPosition(stage: 0, step: 5))
    }
  }

  @Test func aBatchThatCannotBeMadeStopsTheRun() throws {
    try withRun { folder in
      let job = ToyJob()
      job.failingBatch = 3
      #expect(throws: ToyJob.BatchError.self) { _ = try loop(job, folder).run() }
      #expect(job.stepsRun == 3)
    }
  }

  @Test func aSignalAsksTheLoopToStop() throws {
    Interrupts.install()
    #expect(!Interrupts.isRequested)
    raise(SIGTERM)
    #expect(Interrupts.isRequested)
    Interrupts.install()
    #expect(!Interrupts.isRequested)
  }
}
