import FileFormats
import Foundation
import Geometry
import Layers
import Optimizers
import Training

/// Replays a MAPConNet or 3D-CoreNet reference file: evaluation, metrics, one training step.
public struct MAPConNetVerification: ModelVerification {
  private let reference: ReferenceFile
  private let configuration: MAPConNetConfiguration
  private let folds: Bool

  /// - Parameter folds: whether linear maps in a row are applied as one; the results are the same.
  public init(_ file: Safetensors, folds: Bool = true, _ elementType: ElementType, on device: any Device) throws {
    reference = ReferenceFile(file, elementType, on: device)
    configuration = try MAPConNetConfiguration(file)
    self.folds = folds
  }

  private var isSupervised: Bool {
    get throws {
      let mode = reference.contents.metadata["mode"] ?? "none"
      guard ["supervised", "unsupervised"].contains(mode) else {
        throw ComputeError(
          .data, what: "\(reference.source): unknown mode '\(mode)'", why: "a step is supervised or unsupervised",
          mend: "make the file with the reference program")
      }
      return mode == "supervised"
    }
  }

  // MARK: Computing

  public func compute() throws -> [String: HostTensor] {
    let network = try MAPConNetNetwork(
      configuration.architecture, folds: folds, reference.elementType, on: reference.device)
    try reference.loadParameters(into: network.parameters)
    let result = try evaluation(network) + step(network)
    return Dictionary(uniqueKeysWithValues: result.map { ($0.name, $0.tensor) })
  }

  /// The result in evaluation mode, before any training step, and its distance from the target.
  private func evaluation(_ network: MAPConNetNetwork) throws -> [(name: String, tensor: HostTensor)] {
    let pass = ForwardPass(network.parameters, isTraining: false)
    let posePoints = try reference.input("pose_points")
    let transfer = network.transfer(
      identity: network.encode(try reference.input("identity_points"), pass), pose: network.encode(posePoints, pass),
      posePoints: posePoints, pass)
    var result = [("output/final_eval", try channelFirst(transfer.refined))]
    if try isSupervised {
      let pairs = Array(zip(try meshes(transfer.refined), try meshes(reference.input("gt_points"))))
      result += [
        ("metric/pmd", HostTensor(pairs.map { Float(pointMeshDistance($0, $1)) })),
        ("metric/cd", HostTensor(pairs.map { Float(chamferDistance(centredByBox($0), $1)) })),
      ]
    }
    return result
  }

  private func step(_ network: MAPConNetNetwork) throws -> [(name: String, tensor: HostTensor)] {
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape)
    let passes = MAPConNetPasses(network, loss: configuration.loss)
    let batch = try batch()
    let step = try isSupervised ? passes.supervised(batch, pass) : passes.unsupervised(batch, pass)

    var result: [(name: String, tensor: HostTensor)] = []
    for (name, tensor) in step.features { result.append(("output/\(name)", try channelFirst(tensor))) }
    for (suffix, transfer) in step.transfers {
      let match = transfer.matching.match
      result += [
        ("output/T\(suffix)", try reference.stored(transfer.matching.matrix())),
        (
          "output/match\(suffix)",
          HostTensor(try reference.device.download(match, as: Int32.self), shape: match.shape)
        ),
        ("output/warped\(suffix)", try reference.stored(transfer.matching.warped.view)),
        ("output/final\(suffix)", try channelFirst(transfer.refined)),
      ]
    }
    var total = 0.0
    for (name, tensor) in step.losses {
      let value = try tensor.doubles()[0]
      total += value
      result.append(("loss/\(name)", HostTensor([Float(value)])))
    }
    result.append(("loss/total", HostTensor([Float(total)])))

    tape.backward(from: step.losses.map(\.tensor))
    result += try reference.gradients(of: network.parameters).map { ("grad/\($0.name)", $0.tensor) }
    Adam(
      network.parameters, betas: (configuration.beta1, configuration.beta2), epsilon: configuration.adamEps
    ).step(learningRate: configuration.lr)
    return result + (try reference.parameters(of: network.parameters).map { ("after/\($0.name)", $0.tensor) })
  }

  // MARK: Reading and writing

  private func batch() throws -> MAPConNetBatch {
    let (identity, pose) = (try reference.input("identity_points"), try reference.input("pose_points"))
    return MAPConNetBatch(
      identityPoints: identity, posePoints: pose, identityFaces: try faces("faces_id", of: identity),
      poseFaces: try faces("faces_pose", of: pose),
      target: try isSupervised ? reference.input("gt_points") : nil,
      secondPose: try isSupervised ? nil : reference.input("pose_points2"))
  }

  private func faces(_ key: String, of points: Tensor) throws -> MeshFaces {
    let all = try reference.faces(key)
    let count = all.count / points.shape[0]
    return MeshFaces(
      (0..<points.shape[0]).map { Array(all[$0 * count..<($0 + 1) * count]) }, vertexCount: points.shape[1],
      on: reference.device)
  }

  private func meshes(_ points: Tensor) throws -> [[SIMD3<Double>]] {
    let values = try points.doubles()
    let count = points.shape[1]
    return (0..<points.shape[0]).map { b in
      (b * count..<(b + 1) * count).map { SIMD3(values[3 * $0], values[3 * $0 + 1], values[3 * $0 + 2]) }
    }
  }

  /// `[batch, points, channels]` as the files store it: `[batch, channels, points]`.
  private func channelFirst(_ x: Tensor) throws -> HostTensor { try reference.stored(x.view.transposed) }

  // MARK: Comparing

  public func compare(_ computed: [String: HostTensor]) throws -> [VerificationRow] {
    let inDouble = reference.elementType == .float64
    let zero = try zeroGradients()
    let tensors = reference.contents.tensors
    let greatestGradient =
      tensors.filter { $0.0.hasPrefix("grad/") }.flatMap { $0.1.doubles() }.map(abs).max() ?? 0
    let rate = configuration.lr
    return tensors.sorted { $0.0 < $1.0 }.compactMap { key, reference in
      let group = key.prefix { $0 != "/" }
      let name = String(key.drop { $0 != "/" }.dropFirst())
      func row(_ measure: VerificationMeasure, _ tolerance: Double, _ note: String? = nil) -> VerificationRow {
        VerificationRow(key, computed: computed[key], reference: reference, measure, tolerance: tolerance, note: note)
      }
      switch group {
      case "output" where name.hasPrefix("match"): return row(.exact, 0)
      case "output": return row(.relativeMaximum, inDouble ? 1e-6 : 1e-3)
      case "loss", "metric": return row(.relativeMaximum, inDouble ? 1e-6 : 1e-4)
      case "grad" where zero.contains(name):
        return row(.greatestDifference, 1e-5 * greatestGradient, "exactly zero in theory: feeds an instance norm")
      case "grad": return row(.relativeMaximum, inDouble ? 1e-6 : 1e-3)
      case "after" where name.hasSuffix("weight_u") || name.hasSuffix("weight_v"):
        return row(.relativeMaximum, inDouble ? 1e-6 : 1e-5)
      case "after":
        // The file rounds to float32: half a unit of the largest value's last place.
        let rounding = Double((reference.floats().map(abs).max() ?? 0).ulp) / 2
        return row(
          .greatestDifference, inDouble ? 1e-3 * rate + rounding : zero.contains(name) ? 1.01 * rate : 0.1 * rate)
      default: return nil
      }
    }
  }

  public var float32Caution: String? {
    guard let text = reference.contents.metadata["float32_noise"],
      let noise = try? JSONDecoder().decode([String: Double].self, from: Data(text.utf8))
    else { return nil }
    let beyond = [
      ("match_flips", 0), ("output", 1e-3), ("loss", 1e-4), ("metric", 1e-4), ("grad", 1e-3), ("update_over_lr", 0.1),
      ("power_iterate", 1e-5),
    ].compactMap { name, tolerance in
      noise[name].flatMap { $0 > tolerance ? "\(name) \($0) (tolerance \(tolerance))" : nil }
    }
    return beyond.isEmpty
      ? nil
      : "the reference program's own float32 run misses these tolerances too, by its metadata: "
        + beyond.joined(separator: ", ") + "; compare in double, or make a file from another seed"
  }

  /// The parameters whose gradient is zero in exact arithmetic, as the file lists them.
  private func zeroGradients() throws -> Set<String> {
    guard let text = reference.contents.metadata["zero_gradient"] else { return [] }
    return Set((try? JSONDecoder().decode([String].self, from: Data(text.utf8))) ?? [])
  }
}
