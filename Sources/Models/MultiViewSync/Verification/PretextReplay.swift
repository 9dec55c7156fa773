import FileFormats
import Foundation
import Layers
import Training

/// Replays the pretext network: a pass over tuples, and in training one step.
struct PretextReplay: MultiViewSyncReplay {
  private let shared: NetworkReplay

  init(_ reference: ReferenceFile, _ configuration: MultiViewSyncConfiguration, trains: Bool) {
    shared = NetworkReplay(reference: reference, configuration: configuration, trains: trains)
  }

  func rows(_ key: String, computed: HostTensor?, _ reference: HostTensor) -> [VerificationRow] {
    shared.rows(key, computed: computed, reference)
  }

  var float32Caution: String? { shared.float32Caution }

  func compute() throws -> [(name: String, tensor: HostTensor)] {
    let (reference, configuration) = (shared.reference, shared.configuration)
    let network = try PretextNetwork(configuration.architecture, reference.elementType, on: reference.device)
    try reference.loadParameters(into: network.parameters)
    let tape = shared.trains ? Tape() : nil
    let pass = ForwardPass(network.parameters, isTraining: shared.trains, tape: tape)

    var result: [(name: String, tensor: HostTensor)] = []
    var taps: [(String, Tensor)] = []
    let features = network.features(try shared.pictures(), pass) { taps.append(($0, $1)) }
    let fused = network.fuse(features, try pairs(pictures: features.shape[0]))
    let logits = network.classify(fused, pass)
    for (name, tensor) in taps + [("features", features), ("fused", fused)] {
      result.append(("output/\(name)", try shared.stored(tensor)))
    }
    let targets = try targets()
    let (sync, noflip) = (try logits.sync.doubles(), try logits.noflip.doubles())
    let accuracies = targets.accuracies(sync: sync, noflip: noflip)
    for (name, values, accuracy) in [("sync", sync, accuracies.sync), ("noflip", noflip, accuracies.noflip)] {
      result += [
        ("output/logit_\(name)", HostTensor(values.map { Float($0) })),
        ("output/prob_\(name)", HostTensor(values.map { Float(1 / (1 + exp(-$0))) })),
        ("output/\(name)_accuracy", shared.scalar(accuracy)),
      ]
    }

    let weights = configuration.lossWeights
    let losses = PretextLoss(sync: weights.sync, flip: weights.flip)(logits, targets)
    var total = 0.0
    for (name, tensor) in losses {
      let value = try tensor.doubles()[0]
      total += value
      result.append(("loss/\(name)", shared.scalar(value)))
    }
    result.append(("loss/total", shared.scalar(total)))
    guard let tape else { return result }
    tape.backward(from: losses.map(\.tensor))
    return result + (try shared.update(network.parameters))
  }

  private func pairs(pictures: Int) throws -> PicturePairs {
    let places = try shared.reference.contents.tensor("input/pair_index", shape: [nil, 2]).int32s()
    return PicturePairs(
      stride(from: 0, to: places.count, by: 2).map { (Int(places[$0]), Int(places[$0 + 1])) }, pictures: pictures,
      on: shared.reference.device)
  }

  private func targets() throws -> PretextTargets {
    func column(_ name: String) throws -> [Double] {
      try shared.reference.contents.tensor("input/\(name)", shape: [nil]).doubles()
    }
    return PretextTargets(
      tupleCount: shared.configuration.batch, syncLabel: try column("sync_label"), syncMask: try column("sync_mask"),
      noflipLabel: try column("noflip_label"), noflipMask: try column("noflip_mask"), shared.reference.elementType,
      on: shared.reference.device)
  }
}
