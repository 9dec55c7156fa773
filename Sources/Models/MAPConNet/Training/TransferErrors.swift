import Datasets
import Geometry
import Layers

/// How far one transferred mesh, or the average of many, is from its target.
public struct TransferErrors: Sendable, Equatable, Codable {
  /// Point-wise mesh distance, square metres.
  public var pmd = 0.0
  /// Chamfer distance, square metres.
  public var chamfer = 0.0
  /// Mean relative change of edge lengths.
  public var edge = 0.0
  /// Mean angle of face normals, degrees.
  public var normal = 0.0
  /// Earth mover's distance, metres; nil where it was not measured.
  public var emd: Double?

  public static func mean(of errors: [TransferErrors]) -> TransferErrors {
    let count = Double(errors.count)
    let measured = errors.compactMap(\.emd)
    let emd = measured.isEmpty ? nil : measured.reduce(0, +) / Double(measured.count)
    return errors.reduce(into: TransferErrors(emd: emd)) { sum, error in
      sum.pmd += error.pmd / count
      sum.chamfer += error.chamfer / count
      sum.edge += error.edge / count
      sum.normal += error.normal / count
    }
  }
}

extension PoseTransferEvaluationSet {
  /// The errors of every pair.
  ///
  /// - Parameters:
  ///   - emdPairs: how many pairs to measure the earth mover's distance of, where meshes are small enough for it.
  ///   - predict: gives a sample's transferred points, in the identity's vertex order.
  public func errors(
    emdPairs: Int = 0, of predict: (PoseTransferSample) throws -> [Float]
  ) throws -> [TransferErrors] {
    try pairs.indices.map { index in
      let sample = try sample(index)
      return try sample.errors(of: predict(sample), measuresEMD: index < emdPairs)
    }
  }

  /// The errors of every pair, after and before the refinement.
  ///
  /// - Parameter emdPairs: as above.
  public func errors(
    emdPairs: Int = 0, of network: MAPConNetNetwork
  ) throws -> (refined: [TransferErrors], warped: [TransferErrors]) {
    var errors: (refined: [TransferErrors], warped: [TransferErrors]) = ([], [])
    for index in pairs.indices {
      let sample = try sample(index)
      let result = network.transferred(pose: sample.posePoints, to: sample.identityPoints)
      func append(_ output: Tensor, to list: inout [TransferErrors]) throws {
        let points = try network.parameters.device.download(output.view, as: Float.self)
        list.append(try sample.errors(of: points, measuresEMD: index < emdPairs))
      }
      try append(result.refined, to: &errors.refined)
      try append(result.matching.warped, to: &errors.warped)
    }
    return errors
  }
}

extension PoseTransferSample {
  /// How far `output`, `[identity points, 3]`, is from the target.
  fileprivate func errors(of output: [Float], measuresEMD: Bool) throws -> TransferErrors {
    guard let groundTruth else { preconditionFailure("evaluation samples are supervised") }
    let target = points(groundTruth)
    let output = centredByBox(points(output))
    let faces = triangles(facesIdentity)
    return TransferErrors(
      pmd: pointMeshDistance(output, target), chamfer: chamferDistance(output, target),
      edge: try edgeLengthError(output, reference: target, faces: faces),
      normal: normalError(output, target: target, faces: faces),
      emd: measuresEMD && canBeMatched(output) ? try earthMoversDistance(output, target) : nil)
  }
}

/// Whether the best matching of so many points can be found: a network gone wrong gives no numbers.
private func canBeMatched(_ points: [SIMD3<Double>]) -> Bool {
  points.count <= earthMoversLimit && points.allSatisfy { $0.sum().isFinite }
}

/// Flat `[points, 3]` as points.
func points(_ flat: [Float]) -> [SIMD3<Double>] {
  stride(from: 0, to: flat.count, by: 3).map {
    SIMD3(Double(flat[$0]), Double(flat[$0 + 1]), Double(flat[$0 + 2]))
  }
}

/// Flat corners `[faces, 3]` as triangles.
func triangles(_ corners: [Int32]) -> [SIMD3<Int32>] {
  stride(from: 0, to: corners.count, by: 3).map { SIMD3(corners[$0], corners[$0 + 1], corners[$0 + 2]) }
}
