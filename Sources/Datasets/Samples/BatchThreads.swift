import Compute
import Foundation

extension DeviceInformation {
  /// How many threads may make batches while the device trains: one beside the processor's own work, else half of its
  /// cores, so that a fast card does not wait for pictures, and 16 at most, for the memory of what they make.
  public var batchThreads: Int {
    isHostProcessor ? 1 : min(max(ProcessInfo.processInfo.activeProcessorCount / 2, 1), 16)
  }

  /// How many while it evaluates: it runs networks forward alone, in a third of a step's time.
  public var evaluationBatchThreads: Int { max(batchThreads, 2) }
}
