import Compute
import FileFormats
import Training

/// Replays a reference file of the multi-view synchronization model: a forward pass of one of its two networks, and in
/// mode train one step; or the metrics of poses; or backgrounds, masks, boxes and the gaps between instants.
public struct MultiViewSyncVerification: ModelVerification {
  private let reference: ReferenceFile
  private let replay: any MultiViewSyncReplay

  public init(_ file: Safetensors, _ elementType: ElementType, on device: any Device) throws {
    reference = ReferenceFile(file, elementType, on: device)
    let mode = file.metadata["mode"] ?? "none"
    switch mode {
    case "metrics": replay = MetricsReplay(reference)
    case "background": replay = BackgroundReplay(reference)
    case "train", "eval":
      let configuration = try MultiViewSyncConfiguration(file)
      switch configuration.task {
      case .pretext: replay = PretextReplay(reference, configuration, trains: mode == "train")
      case .pose: replay = PoseReplay(reference, configuration, trains: mode == "train")
      }
    default:
      throw ComputeError(
        .data, what: "\(file.source): the mode '\(mode)' cannot be replayed",
        why: "known are train, eval, metrics and background", mend: "give a file of one of these modes")
    }
  }

  public func compute() throws -> [String: HostTensor] {
    Dictionary(uniqueKeysWithValues: try replay.compute().map { ($0.name, $0.tensor) })
  }

  public func compare(_ computed: [String: HostTensor]) throws -> [VerificationRow] {
    reference.contents.tensors.sorted { $0.0 < $1.0 }.flatMap { replay.rows($0.0, computed: computed[$0.0], $0.1) }
  }
}

extension MultiViewSyncVerification {
  public var float32Caution: String? { replay.float32Caution }
}

/// One kind of reference file.
protocol MultiViewSyncReplay {
  func compute() throws -> [(name: String, tensor: HostTensor)]

  /// The comparisons that a tensor of the file stands for: none for inputs and parameters.
  func rows(_ key: String, computed: HostTensor?, _ reference: HostTensor) -> [VerificationRow]

  /// See `ModelVerification`.
  var float32Caution: String? { get }
}

extension MultiViewSyncReplay {
  var float32Caution: String? { nil }
}
