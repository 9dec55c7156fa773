import Compute
import Foundation

extension DeviceInformation {
  /// How many threads may make batches while the device trains: one beside the processor's own work, else half of its
  /// cores, so that a fast card does not wait for pictures.
  public var batchThreads: Int { isHostProcessor ? 1 : max(ProcessInfo.processInfo.activeProcessorCount / 2, 1) }

  /// How many while it evaluates, which takes a third of the work.
  public var evaluationBatchThreads: Int { max(batchThreads, 2) }
}
