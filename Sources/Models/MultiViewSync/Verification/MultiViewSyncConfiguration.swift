import Compute
import FileFormats
import Foundation
import Optimizers

/// The metadata of a reference file of the network: `config` of the modes train and eval.
struct MultiViewSyncConfiguration: Decodable {
  enum Task: String, Decodable { case pretext, pose }

  struct LossWeights: Decodable { let sync, flip: Double }

  struct Optimizer: Decodable {
    let lr, eps, weightDecay: Double
    let betas: [Double]
    let decayMode: WeightDecay.Mode
    let decayParams: WeightDecay.Tensors
  }

  let task: Task
  let arch: Backbone
  let width, batch: Int
  let fusion: ViewFusion
  let finalRelu: Bool
  /// Parts of the backbone, by name.
  let frozen: [String]
  let lossWeights: LossWeights
  let optimizer: Optimizer
  /// How far the reference program's own float32 run lies from the file, by kind of tensor.
  let float32Noise: [String: Double]?

  init(_ file: Safetensors) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Self.self, from: Data(try file.metadata("config").utf8))
    } catch let error as DecodingError {
      throw ComputeError(
        .data, what: "\(file.source): its config cannot be read", why: "\(error)",
        mend: "make the file with the reference program")
    }
  }

  var architecture: MultiViewSyncArchitecture {
    MultiViewSyncArchitecture(arch, width: width, fusion: fusion, finalReLU: finalRelu)
  }

  /// How many stages are frozen. Throws `.data` when the parts are not the stem and the stages that follow it.
  var frozenStages: Int {
    get throws {
      let count = frozen.count { $0.hasPrefix("layer") }
      let expected = count == 0 ? [] : ["conv1", "bn1"] + (1...count).map { "layer\($0)" }
      guard frozen.sorted() == expected.sorted() else {
        throw ComputeError(
          .data, what: "a reference file freezes \(frozen.joined(separator: ", "))",
          why: "the stem is frozen together with the first stages, or nothing is",
          mend: "make the file with the reference program")
      }
      return count
    }
  }

  var decay: WeightDecay {
    WeightDecay(optimizer.weightDecay, mode: optimizer.decayMode, tensors: optimizer.decayParams)
  }
}
