import Geometry
import Layers

/// From joints to vertices: graph convolutions from the coarsest graph to the finest (section 3.2 of the paper).
///
/// Block 0 works on the joint graph, a fully connected layer spreads it over the coarsest mesh graph, and each further
/// block doubles the nodes. It computes on distinct nodes only: padding nodes that must be equal are computed once.
public struct MeshNet: Sendable {
  static let prefix = "pose2mesh."
  let plan: [[Int]]
  let convolutions: [[ChebyshevConvolution]]
  /// One per convolution, except the very last, which has none.
  let norms: [[BatchNorm]]
  let spread: Linear
  let joints, coarsestNodes: Int

  init(plan: [[Int]], joints: Int, coarsestNodes: Int) {
    self.plan = plan
    self.joints = joints
    self.coarsestNodes = coarsestNodes
    var number = 0
    var convolutions: [[ChebyshevConvolution]] = []
    var norms: [[BatchNorm]] = []
    for (block, channels) in plan.enumerated() {
      convolutions.append([])
      norms.append([])
      for (input, output) in zip(channels, channels.dropFirst()) {
        convolutions[block].append(ChebyshevConvolution("\(Self.prefix)cl.\(number)", input, output))
        let isLast = block == plan.count - 1 && convolutions[block].count == channels.count - 1
        if !isLast { norms[block].append(BatchNorm("\(Self.prefix)bn.\(number)", output)) }
        number += 1
      }
    }
    self.convolutions = convolutions
    self.norms = norms
    spread = Linear("\(Self.prefix)fc", joints * plan[0].last!, coarsestNodes * plan[1][0])
  }

  var declarations: [ParameterDeclaration] {
    spread.declarations + convolutions.joined().flatMap(\.declarations) + norms.joined().flatMap { $0.declarations }
  }

  /// - Parameter x: `[batch, joints, 5]`: standardised 2D pose, then 3D pose in metres.
  /// - Returns: `[batch, distinct nodes of the finest graph, 3]` in metres.
  func callAsFunction(_ x: Tensor, _ graphs: MeshGraphs, _ pass: ForwardPass, taps: Taps? = nil) -> Tensor {
    let batch = x.shape[0]
    var y = x
    for (convolution, norm) in zip(convolutions[0], norms[0]) {
      y = norm(convolution(y, graphs.joint, pass), pass)
    }
    taps?.record("block_0", y)
    y = spread(y.reshaped([batch, joints * plan[0].last!]), pass).reshaped([batch, coarsestNodes, plan[1][0]])
    taps?.record("fc", y)
    for block in 1..<plan.count {
      let isHead = block == plan.count - 1
      let level = graphs.levels[min(block, plan.count - 2) - 1]
      let input = y
      for (number, convolution) in convolutions[block].enumerated() {
        let comesFromCoarser = number == 0 && !isHead
        y = convolution(y, comesFromCoarser ? level.fromCoarser : level.within, pass)
        if number < norms[block].count {
          let closesBlock = !isHead && number == convolutions[block].count - 1
          y = norms[block][number](
            y, pass, multiplicity: level.multiplicity,
            residual: closesBlock ? level.upsample(graphs.resampleChannels(input, to: plan[block].last!)) : nil)
        }
      }
      if let taps, !isHead { taps.record("block_\(block)", level.expand(y.detached)) }
    }
    return y
  }
}

/// Linear interpolation along the channel axis with half-pixel centres, as an `[old, new]` matrix in row-major order.
func channelInterpolation(from old: Int, to new: Int) -> [Double] {
  var matrix = [Double](repeating: 0, count: old * new)
  for o in 0..<new {
    let position = max(0, (Double(o) + 0.5) * (Double(old) / Double(new)) - 0.5)
    let low = min(Int(position), old - 1)
    let high = min(low + 1, old - 1)
    let fraction = position - Double(low)
    matrix[low * new + o] += 1 - fraction
    matrix[high * new + o] += fraction
  }
  return matrix
}

extension MeshNet {
  var initialization: [(name: String, Initialization)] {
    spread.initialization + convolutions.joined().flatMap(\.initialization) + norms.joined().flatMap(\.initialization)
  }
}
