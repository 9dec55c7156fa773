import FileFormats
import Foundation
import Layers
import Optimizers
import Training

/// What the replays of both networks share: the layout of pictures, the update, and how results are compared.
struct NetworkReplay {
  let reference: ReferenceFile
  let configuration: MultiViewSyncConfiguration
  let trains: Bool

  /// Pictures are stored channels first: `[batch, 3, height, width]`.
  func pictures() throws -> Tensor {
    let stored = try reference.input("images")
    let view = stored.view.transposed(1, 2).transposed(2, 3)
    let result = Tensor.uninitialized(view.shape, stored.elementType, on: stored.device)
    stored.device.copy(view, to: result.view)
    return result
  }

  /// `[batch, height, width, channels]` as the files store it, anything else as it is.
  func stored(_ x: Tensor) throws -> HostTensor {
    try reference.stored(x.shape.count == 4 ? x.view.transposed(2, 3).transposed(1, 2) : x.view)
  }

  func scalar(_ value: Double) -> HostTensor { HostTensor([Float(value)], shape: []) }

  /// The gradients, one update as at the first step of the schedule, and everything that it leaves.
  func update(_ parameters: ParameterStore) throws -> [(name: String, tensor: HostTensor)] {
    let gradients = try reference.gradients(of: parameters).map { (name: "grad/\($0.name)", tensor: $0.tensor) }
    let settings = configuration.optimizer
    AdamW(
      parameters, decay: configuration.decay, betas: (settings.betas[0], settings.betas[1]), epsilon: settings.eps
    ).step(learningRate: settings.lr, initialRate: settings.lr)
    return gradients + (try reference.parameters(of: parameters).map { ("after/\($0.name)", $0.tensor) })
  }

  // MARK: Comparing

  func rows(_ key: String, computed: HostTensor?, _ tensor: HostTensor) -> [VerificationRow] {
    let inDouble = reference.elementType == .float64
    let isDeep = configuration.arch == .resnet50
    func row(
      _ measure: VerificationMeasure, _ tolerance: Double, leastNorm: Double = 0
    ) -> VerificationRow {
      VerificationRow(
        key, computed: computed, reference: tensor, measure, tolerance: tolerance, leastNorm: leastNorm)
    }
    switch key.prefix(while: { $0 != "/" }) {
    case "output", "loss": return [row(.relativeNorm, inDouble ? 1e-6 : isDeep ? 1e-3 : 1e-4)]
    case "grad": return [row(.relativeNorm, inDouble ? 1e-6 : 2e-3, leastNorm: 1e-4 * greatestGradientNorm)]
    case "after" where key.hasSuffix("num_batches_tracked"): return [row(.exact, 0)]
    case "after" where key.contains("running_"): return [row(.relativeNorm, inDouble ? 1e-6 : 1e-5)]
    case "after" where inDouble: return [row(.greatestDifference, 1e-6)]
    case "after":
      // A first update is about lr sign(g): where g is rounding, its sign is too, and the values lie 2 lr apart.
      return [row(.greatestDifference, 2.2e-4)] + significantRow(key, computed: computed, tensor)
    default: return []
    }
  }

  /// Where the reference program's own float32 run lies beyond these tolerances.
  var float32Caution: String? {
    let shallow = configuration.arch == .resnet50 ? 1e-3 : 1e-4
    let beyond = [
      ("output", shallow), ("loss", shallow), ("grad", 2e-3), ("after_abs", 2.2e-4), ("after_abs_significant", 1e-6),
      ("after_buffers", 1e-5),
    ].compactMap { name, tolerance in
      configuration.float32Noise?[name].flatMap { $0 > tolerance ? "\(name) \($0) (tolerance \(tolerance))" : nil }
    }
    return beyond.isEmpty
      ? nil
      : "the reference program's own float32 run misses these tolerances too, by its metadata: "
        + beyond.joined(separator: ", ") + "; compare in double, or make a file from another seed"
  }

  /// The elements of a parameter whose gradient is large enough for its sign to be certain: |g| of at least 1 % of its
  /// greatest, in a tensor whose gradient has at least 0.1 % of the greatest norm. None for parameters without gradient.
  private func significantRow(_ key: String, computed: HostTensor?, _ tensor: HostTensor) -> [VerificationRow] {
    guard let gradient = reference.contents.tensors["grad/" + key.dropFirst("after/".count)]?.doubles(),
      norm(gradient) >= 1e-3 * greatestGradientNorm, let greatest = gradient.map(abs).max(), greatest > 0
    else { return [] }
    let places = gradient.indices.filter { abs(gradient[$0]) >= 1e-2 * greatest }
    func part(_ tensor: HostTensor) -> HostTensor? {
      let values = tensor.floats()
      return values.count == gradient.count ? HostTensor(places.map { values[$0] }) : nil
    }
    return part(tensor).map { reference in
      [
        VerificationRow(
          key, computed: computed.flatMap(part), reference: reference, .greatestDifference, tolerance: 1e-6,
          note: "where the gradient is large")
      ]
    } ?? []
  }

  private var greatestGradientNorm: Double {
    reference.contents.tensors.filter { $0.0.hasPrefix("grad/") }.map { norm($0.1.doubles()) }.max() ?? 0
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
