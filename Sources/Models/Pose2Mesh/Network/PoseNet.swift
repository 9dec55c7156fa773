import Layers

/// Lifts a 2D pose to 3D: a fully connected residual network (section 3.1 of the paper, after Martinez et al., 2017).
///
///     y = w1 x;   twice: y = y + W2 drop(relu(BN(W1 drop(relu(BN y)))));   out = w2 y
public struct PoseNet: Sendable {
  struct Stage: Sendable {
    let norms: [BatchNorm]
    let linears: [Linear]
  }

  static let prefix = "pose_lifter."
  let joints: Int
  let input, output: Linear
  let stages: [Stage]
  /// In every published checkpoint, applied nowhere.
  let unusedNorm: BatchNorm
  let dropout: Dropout

  init(joints: Int, hidden: Int, dropout rate: Double) {
    let p = Self.prefix
    self.joints = joints
    input = Linear("\(p)w1", 2 * joints, hidden)
    output = Linear("\(p)w2", hidden, 3 * joints)
    unusedNorm = BatchNorm("\(p)batch_norm1", hidden)
    stages = (0..<2).map { s in
      Stage(
        norms: (1...2).map { BatchNorm("\(p)linear_stages.\(s).batch_norm\($0)", hidden) },
        linears: (1...2).map { Linear("\(p)linear_stages.\(s).w\($0)", hidden, hidden) })
    }
    dropout = Dropout(rate: rate)
  }

  var declarations: [ParameterDeclaration] {
    input.declarations + stages.flatMap { $0.norms.flatMap(\.declarations) + $0.linears.flatMap(\.declarations) }
      + output.declarations + unusedNorm.declarations(.inert)
  }

  var norms: [BatchNorm] { stages.flatMap(\.norms) }

  /// - Parameters:
  ///   - x: `[batch, joints, 2]`, standardised.
  ///   - masks: 1 = keep, in the order of use: replaces the random dropout.
  /// - Returns: `[batch, joints, 3]` in millimetres, relative to the root joint.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass, masks: [Tensor]? = nil, taps: Taps? = nil) -> Tensor {
    let batch = x.shape[0]
    var y = input(x.reshaped([batch, 2 * joints]), pass)
    for (s, stage) in stages.enumerated() {
      var z = y
      for half in 0..<2 {
        z = dropout(stage.norms[half](z, pass), pass, mask: masks?[2 * s + half])
        z = stage.linears[half](z, pass)
      }
      y = fused("residual", y, z) { $0 + $1 }
      taps?.record("posenet_stage_\(s)", y)
    }
    return output(y, pass).reshaped([batch, joints, 3])
  }
}

/// Collects intermediate results by name, for reference traces.
public final class Taps {
  public private(set) var tensors: [(name: String, tensor: Tensor)] = []

  public init() {}

  func record(_ name: String, _ tensor: Tensor) { tensors.append((name, tensor.detached)) }
}

extension PoseNet {
  var initialization: [(name: String, Initialization)] {
    input.initialization + output.initialization + unusedNorm.initialization
      + stages.flatMap { $0.norms.flatMap(\.initialization) + $0.linears.flatMap(\.initialization) }
  }
}
