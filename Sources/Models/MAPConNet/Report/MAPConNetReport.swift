import Datasets
import FileFormats
import Geometry
import Layers
import Rendering
import Training

/// The page that a run leaves: errors, curves, and pictures of transferred beside true bodies.
public struct MAPConNetReport {
  private let setup: MAPConNetSetup
  private let network: MAPConNetNetwork
  private let comparison: MAPConNetComparison

  public init(_ setup: MAPConNetSetup, _ network: MAPConNetNetwork, _ comparison: MAPConNetComparison) {
    self.setup = setup
    self.network = network
    self.comparison = comparison
  }

  /// - Parameters:
  ///   - records: the run's metrics.
  ///   - facts: what the caller knows: device, command.
  public func page(_ records: [EpochRecord], facts: OrderedMap<String>) throws -> Report {
    Report(
      title: setup.modelName,
      summary: "The pose of one mesh on the body of another: \(setup.source.vertexCount) vertices, no correspondence "
        + "given.",
      facts: facts, keyFigures: keyFigures,
      sections: [
        Report.Section("Errors", [.table(errorTable), .table(Self.publishedTable)]),
        Report.Section("Training", trainingCurves(records, unit: "1e-3 m²")),
        Report.Section("Transfers", try pictures()),
        Report.Section("Settings", [.code(configurationText(setup.settings))]),
      ], footnotes: Self.footnotes)
  }

  // MARK: - Numbers

  private var keyFigures: [Report.KeyFigure] {
    guard let own = comparison.rows.first, let copy = comparison.rows.last else { return [] }
    func figure(_ label: String, _ value: KeyPath<TransferErrors, Double>) -> Report.KeyFigure {
      Report.KeyFigure(
        String(format: "%.2f", 1000 * own.errors[keyPath: value]), unit: "1e-3 m²", label: label,
        note: String(format: "%@: %.1f", copy.name, 1000 * copy.errors[keyPath: value]))
    }
    return [figure("PMD", \.pmd), figure("Chamfer distance", \.chamfer)]
  }

  private var errorTable: Report.Table {
    Report.Table(
      columns: MAPConNetComparison.columns, rows: comparison.cells, highlightedRow: 0, caption: comparison.caption)
  }

  /// As 3D-CoreNet's poster gives them; MAPConNet's own tables were not at hand.
  static let publishedTable = Report.Table(
    columns: ["published", "PMD, 1e-3", "CD, 1e-3", "EMD, 1e-2"],
    rows: [
      ["people (SMPL): deformation transfer, with key points", "0.15", "0.35", "2.21"],
      ["people (SMPL): NPT", "0.66", "1.42", "4.22"],
      ["people (SMPL): 3D-CoreNet", "0.08", "0.22", "1.89"],
      ["animals (SMAL): deformation transfer, with key points", "13.37", "35.77", "15.90"],
      ["animals (SMAL): NPT", "6.75", "14.52", "11.65"],
      ["animals (SMAL): 3D-CoreNet", "2.26", "4.05", "7.28"],
    ],
    caption: "Other bodies, other poses and far longer training: these figures cannot be compared with ours. Lengths "
      + "are metres for people and the model's units for animals.")

  private static let footnotes = [
    "PMD: mean over vertices and coordinates of the squared difference, the result centred by its box. CD: mean squared "
      + "distance to the nearest point, both ways added. Edges: mean relative change of length. Normals: mean angle.",
    "EMD: mean distance of vertices under the best one-to-one matching, which is found exactly, the result centred by its "
      + "box. How the published EMD was computed is not known: on people two of its three values exceed √(3 PMD), the most "
      + "that an exact one can be.",
    "Published: Song et al., \"3D Pose Transfer with Correspondence Learning and Mesh Refinement\", NeurIPS 2021.",
    "Pose priors are fitted to clips of mocap.cs.cmu.edu; the database was created with funding from NSF EIA-0196217.",
  ]

  // MARK: - Pictures

  /// The first test pairs, as they come: identity, pose, warped, result, truth, and the result coloured by its error.
  private func pictures(count: Int = 4) throws -> [Report.Block] {
    let scale = ColorScale("vertex error", unit: "mm", maximum: 100)
    let shown = min(count, setup.test.pairs.count)
    let panels = try (0..<shown).flatMap { try self.panels(setup.test.sample($0), scale) }
    return [
      .paragraph("The first \(shown) test pairs, not chosen by hand."),
      .figure(.init(panels, columns: 3, legend: scale)),
    ]
  }

  private func panels(_ sample: PoseTransferSample, _ scale: ColorScale) throws -> [Report.Figure.Panel] {
    // Pose transfer's meshes have y up and face +z.
    let front = Viewpoint(from: [0, 0, 1], up: [0, 1, 0])
    let picture = MeshPicture(from: front.turned(byDegrees: 25), panelSize: SIMD2(280, 300))
    func mesh(_ vertices: [Float], _ corners: [Int32]) -> TriangleMesh {
      TriangleMesh(vertices: centredByBox(points(vertices)), faces: triangles(corners))
    }
    let transfer = network.transferred(pose: sample.posePoints, to: sample.identityPoints)
    func output(_ tensor: Tensor) throws -> TriangleMesh {
      mesh(try network.parameters.device.download(tensor.view, as: Float.self), sample.facesIdentity)
    }
    let (warped, result) = (try output(transfer.matching.warped), try output(transfer.refined))
    let truth = mesh(sample.groundTruth ?? [], sample.facesIdentity)
    let errors = zip(truth.vertices, result.vertices).map { 1000 * norm($0 - $1) }
    return [
      .init(.picture(picture.image(of: mesh(sample.identityPoints, sample.facesIdentity))), label: "identity"),
      .init(.picture(picture.image(of: mesh(sample.posePoints, sample.facesPose))), label: "pose"),
      .init(.picture(picture.image(of: warped, color: .slate)), label: "warped"),
      .init(.picture(picture.image(of: result, color: .slate)), label: "result"),
      .init(.picture(picture.image(of: truth)), label: "true"),
      .init(
        .picture(
          picture.image(of: [[Surface(result, colors: scale.map.colors(of: errors, maximum: scale.maximum))]])),
        label: "error"),
    ]
  }
}
