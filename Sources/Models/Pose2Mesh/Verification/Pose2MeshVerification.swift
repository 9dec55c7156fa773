import FileFormats
import Foundation
import Geometry
import Layers
import Optimizers
import Training

/// Replays a Pose2Mesh reference file: graphs, forward pass, losses, gradients, one optimiser step, metrics.
///
/// What is computed depends on the file's metadata, `input/` and `param/` tensors alone.
public struct Pose2MeshVerification: ModelVerification {
  let reference: ReferenceFile
  let configuration: ReferenceConfiguration

  private var file: Safetensors { reference.contents }
  private var device: any Device { reference.device }
  private var elementType: ElementType { reference.elementType }

  public init(_ file: Safetensors, _ elementType: ElementType, on device: any Device) throws {
    reference = ReferenceFile(file, elementType, on: device)
    configuration = try ReferenceConfiguration(metadata: file.metadata, file: file.source)
  }

  private var mode: String { file.metadata["mode"] ?? "eval" }

  // MARK: Computing

  /// Everything that the file's kind carries, under its names.
  public func compute() throws -> [String: HostTensor] {
    let faces = try reference.faces("faces")
    let jointSet = try JointSet(named: configuration.joints)
    let order = try configuration.visitingOrder(file: file.source)
    let joint = jointSet.laplacian()
    let hierarchy = try GraphHierarchy(faces: faces, levels: configuration.levels, order: order)
    var result = referenceGraphs(
      hierarchy, jointLaplacian: joint, prefix: "graph", withAdjacency: mode == "coarsen")
    if mode == "coarsen" {
      if order == .introsort {
        result += referenceGraphs(
          try GraphHierarchy(faces: faces, levels: configuration.levels, order: .stable), jointLaplacian: joint,
          prefix: "graph_stable", withAdjacency: false)
      }
    } else {
      result += try preparedPoses()
      result += try network(hierarchy, faces)
      if mode == "eval" { result += try metrics(jointSet) }
    }
    return Dictionary(uniqueKeysWithValues: result.map { ($0.name, $0.tensor) })
  }

  private func network(
    _ hierarchy: GraphHierarchy, _ faces: [SIMD3<Int32>]
  ) throws -> [(name: String, tensor: HostTensor)] {
    let network = try Pose2MeshNetwork(
      configuration.architecture(file: file.source), hierarchy: hierarchy, elementType, on: device)
    try reference.loadParameters(into: network.parameters)
    let isTraining = mode == "train"
    let masks =
      isTraining && configuration.dropout ?? 0 > 0 ? try (0..<4).map { try reference.input("dropout_mask_\($0)") } : nil
    let loss = Pose2MeshLoss(
      faces: faces, vertexCount: hierarchy.vertexCount, regressor: try regressor(), elementType, on: device)
    let targets = Pose2MeshTargets(
      mesh: try reference.input("gt_mesh"), meshValid: try reference.input("mesh_valid"),
      joints: try reference.input("gt_reg_pose3d"),
      jointsValid: try reference.input("reg_pose3d_valid"), lift: try reference.input("gt_lift_pose3d"),
      liftValid: try reference.input("lift_pose3d_valid"))

    let tape = isTraining ? Tape() : nil
    let taps = Taps()
    let pass = ForwardPass(network.parameters, isTraining: isTraining, tape: tape)
    let output = network(try reference.input("pose2d"), pass, dropoutMasks: masks, taps: taps)
    let terms = loss(output, targets, weights: configuration.weights)

    var result: [(name: String, tensor: HostTensor)] = []
    for (name, tensor) in taps.tensors { result.append(("output/\(name)", try reference.stored(tensor.view))) }
    result += [
      ("output/pose3d", try reference.stored(output.pose3D.view)),
      ("output/mesh", try reference.stored(output.mesh.view)),
      ("output/mesh_permuted", try reference.stored(network.permuted(output).view)),
      ("output/joints", try reference.stored(terms.joints.view)),
    ]
    let values = try terms.values()
    for (name, value) in values { result.append(("loss/\(name)", HostTensor([Float(value)], shape: []))) }
    result.append(("loss/total", HostTensor([Float(values.reduce(0) { $0 + $1.value })], shape: [])))
    let pretrain = Pose2MeshLoss.lift(output.pose3D.detached, targets.lift, valid: targets.liftValid)
    result.append(("loss/posenet_pretrain", HostTensor([Float(try pretrain.doubles()[0])], shape: [])))

    if let tape {
      tape.backward(from: terms.all)
      result += try reference.gradients(of: network.parameters).map { ("grad/\($0.name)", $0.tensor) }
      RMSprop(network.parameters, decay: optimizer.alpha, epsilon: optimizer.eps).step(learningRate: optimizer.lr)
      result += try reference.parameters(of: network.parameters).map { ("after/\($0.name)", $0.tensor) }
    }
    return result
  }

  private var optimizer: ReferenceConfiguration.Optimizer {
    configuration.optimizer ?? .init(name: "rmsprop", lr: 1e-3, alpha: 0.99, eps: 1e-8)
  }

  private func preparedPoses() throws -> [(name: String, tensor: HostTensor)] {
    let joints = try file.tensor("input/joint_img")
    let pixels = joints.doubles()
    let (batch, count) = (joints.shape[0], joints.shape[1])
    let poses = try (0..<batch).map { b in
      try PosePreparation((0..<count).map { SIMD2(pixels[2 * (b * count + $0)], pixels[2 * (b * count + $0) + 1]) })
    }
    func floats(_ values: [Double], _ shape: [Int]) -> HostTensor { HostTensor(values.map { Float($0) }, shape: shape) }
    func points(_ list: [[SIMD2<Double>]]) -> HostTensor {
      floats(list.joined().flatMap { [$0.x, $0.y] }, [batch, count, 2])
    }
    let boxes = poses.flatMap { [$0.box.corner.x, $0.box.corner.y, $0.box.size.x, $0.box.size.y] }
    let crops = poses.flatMap { [$0.crop.rows.u, $0.crop.rows.v] }.flatMap { [$0.x, $0.y, $0.z] }
    return [
      ("input/bbox", floats(boxes, [batch, 4])), ("input/affine", floats(crops, [batch, 2, 3])),
      ("input/joint_crop", points(poses.map(\.cropJoints))), ("input/pose2d", points(poses.map(\.pose))),
    ]
  }

  private func metrics(_ jointSet: JointSet) throws -> [(name: String, tensor: HostTensor)] {
    let truth = try meshes("input/gt_mesh")
    let regressor = try regressor()
    var sums: [(name: String, value: Double)] = ["mpjpe", "pa_mpjpe", "mpvpe", "pa_mpvpe", "f5", "f15"].map { ($0, 0) }
    for (predicted, target) in zip(try meshes("input/metric_pred_mesh"), truth) {
      let errors = MeshErrors(predicted: predicted, target: target, regressor: regressor, in: jointSet.target)
      let similarity = Similarity(aligning: predicted, to: target)
      let aligned = predicted.map { similarity($0) }
      let values = [
        errors.joints.mpjpe, errors.joints.alignedMPJPE, errors.mpvpe, errors.alignedMPVPE,
        fScore(aligned, target, threshold: 0.005), fScore(aligned, target, threshold: 0.015),
      ]
      for (k, value) in values.enumerated() { sums[k].value += value / Double(truth.count) }
    }
    return sums.map { ("metric/\($0.name)", HostTensor([Float($0.value)], shape: [1])) }
  }

  // MARK: Reading

  private func meshes(_ key: String) throws -> [[SIMD3<Double>]] {
    let host = try file.tensor(key)
    let values = host.doubles()
    let count = host.shape[1]
    return (0..<host.shape[0]).map { b in
      (0..<count).map { v in
        let at = 3 * (b * count + v)
        return SIMD3(values[at], values[at + 1], values[at + 2])
      }
    }
  }

  private func regressor() throws -> CompressedRows {
    let host = try file.tensor("input/joint_regressor")
    let values = host.doubles()
    let columns = host.shape[1]
    return CompressedRows(
      rows: host.shape[0], columns: columns,
      entries: values.enumerated().filter { $0.element != 0 }
        .map { ($0.offset / columns, $0.offset % columns, $0.element) })
  }

  // MARK: Comparing

  /// Compares everything computed with what the file holds.
  public func compare(_ computed: [String: HostTensor]) throws -> [VerificationRow] {
    let inDouble = elementType == .float64
    let zeroBiases = Set(configuration.zeroGradientBiases ?? [])
    var rows: [VerificationRow] = []
    for (key, reference) in file.tensors.sorted(by: { $0.0 < $1.0 }) {
      let group = key.prefix { $0 != "/" }
      let parameter = String(key.drop { $0 != "/" }.dropFirst())
      func row(_ measure: VerificationMeasure, _ tolerance: Double, _ note: String? = nil) {
        rows.append(
          VerificationRow(
            key, computed: computed[key], reference: reference, measure, tolerance: tolerance, note: note))
      }
      switch group {
      case "input": if computed[key] != nil { row(.relativeNorm, 1e-6) }
      case "graph", "graph_stable": row(reference.type == .float32 ? .relativeNorm : .exact, 1e-6)
      case "output", "loss": row(.relativeNorm, inDouble ? 1e-6 : 1e-4)
      case "metric":
        let isScore = parameter.hasPrefix("f")
        let points = file.tensors["input/gt_mesh"]?.shape[1] ?? 1
        row(isScore ? .greatestDifference : .relativeNorm, isScore ? 1 / Double(points) : inDouble ? 1e-6 : 1e-4)
      case "grad":
        if zeroBiases.contains(parameter) {
          row(.greatestDifference, 1e-4, "exactly zero in theory: feeds a batch norm")
        } else {
          row(.relativeNorm, inDouble ? 1e-6 : 1e-3)
        }
      case "after":
        if reference.type == .int64 {
          row(.exact, 0)
        } else if parameter.contains("running_") {
          row(.relativeNorm, inDouble ? 1e-6 : 1e-5)
        } else if inDouble, !zeroBiases.contains(parameter) {
          row(.relativeNorm, 1e-6, "end to end")
        }
      default: continue
      }
    }
    return rows + (try optimizerAlone())
  }

  /// One optimiser step from the file's own gradients: tests RMSprop apart from the gradients' rounding.
  private func optimizerAlone() throws -> [VerificationRow] {
    guard mode == "train" else { return [] }
    let architecture = try configuration.architecture(file: file.source)
    let hierarchy = try GraphHierarchy(
      faces: reference.faces("faces"), levels: configuration.levels,
      order: configuration.visitingOrder(file: file.source))
    let store = try Pose2MeshNetwork(architecture, hierarchy: hierarchy, elementType, on: device).parameters
    try reference.loadParameters(into: store)
    for item in store.declarations where item.role == .trainable {
      guard let host = file.tensors["grad/\(item.name)"], host.shape == item.shape else { continue }
      store.slot(item.name).store(Tensor(host.doubles(), host.shape, elementType, on: device).view, on: device)
    }
    RMSprop(store, decay: optimizer.alpha, epsilon: optimizer.eps).step(learningRate: optimizer.lr)
    return try store.declarations.filter { $0.role == .trainable }.compactMap { item in
      try file.tensors["after/\(item.name)"].map {
        VerificationRow(
          "after/\(item.name)", computed: try reference.stored(store.view(item.name)), reference: $0, .relativeNorm,
          tolerance: 1e-6, note: "from the file's gradient")
      }
    }
  }
}
