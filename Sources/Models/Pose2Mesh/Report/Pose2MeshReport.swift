import Datasets
import FileFormats
import Geometry
import Rendering
import Training

/// The page that a run leaves: errors, curves, pictures of predicted beside true bodies.
public struct Pose2MeshReport {
  private let setup: Pose2MeshSetup
  private let network: Pose2MeshNetwork
  private let comparison: Pose2MeshComparison

  public init(_ setup: Pose2MeshSetup, _ network: Pose2MeshNetwork, _ comparison: Pose2MeshComparison) {
    self.setup = setup
    self.network = network
    self.comparison = comparison
  }

  /// - Parameters:
  ///   - records: the run's metrics.
  ///   - facts: what the caller knows: device, command.
  public func page(_ records: [EpochRecord], facts: OrderedMap<String>) throws -> Report {
    var sections = [
      Report.Section(
        "Errors", [.table(errorTable), .figure(.init(svg: errorChart.svg(), caption: "Less is better."))]),
      Report.Section("Training", trainingCurves(records, unit: "mm")),
    ]
    if setup.settings.data.body == .procedural {
      sections.insert(
        Report.Section(
          "Body", [.note("The body is a procedural mannequin, not Anny: these figures say nothing about people.")]),
        at: 0)
    }
    sections.append(Report.Section("Predictions", try pictures()))
    sections.append(Report.Section("Settings", [.code(configurationText(setup.settings))]))
    return Report(
      title: "Pose2Mesh",
      summary: "From the 2D joints of a person to a body mesh of \(setup.body.vertexCount) vertices.",
      facts: facts, keyFigures: keyFigures, sections: sections, footnotes: Self.footnotes)
  }

  // MARK: - Numbers

  private var keyFigures: [Report.KeyFigure] {
    guard let network = comparison.rows.first, let mean = comparison.rows.dropFirst().first else { return [] }
    func figure(_ label: String, _ value: KeyPath<Pose2MeshComparison.Row, Double>) -> Report.KeyFigure {
      Report.KeyFigure(
        String(format: "%.1f", network[keyPath: value]), unit: "mm", label: label,
        note: String(format: "%@: %.1f mm", mean.name, mean[keyPath: value]))
    }
    return [figure("PA-MPJPE", \.alignedMPJPE), figure("MPJPE", \.mpjpe), figure("MPVPE", \.mpvpe)]
  }

  private var errorTable: Report.Table {
    Report.Table(
      columns: Pose2MeshComparison.columns, rows: comparison.cells, highlightedRow: 0, caption: comparison.caption)
  }

  private var errorChart: BarChart {
    BarChart(
      "Errors beside baselines", unit: "mm", rows: comparison.rows.map(\.name),
      columns: [
        .init("PA-MPJPE", values: comparison.rows.map(\.alignedMPJPE)),
        .init("MPJPE", values: comparison.rows.map(\.mpjpe)), .init("MPVPE", values: comparison.rows.map(\.mpvpe)),
      ], highlightedRow: 0)
  }

  private static let footnotes = [
    "MPJPE: mean distance of the evaluated joints, poses relative to their root. MPVPE: the same over vertices. PA: after "
      + "the best similarity alignment of each sample.",
    "Pose priors are fitted to clips of mocap.cs.cmu.edu; the database was created with funding from NSF EIA-0196217.",
  ]

  // MARK: - Pictures

  /// The first test samples, as they come: input, truth, prediction, and the prediction coloured by its error.
  private func pictures(count: Int = 4) throws -> [Report.Block] {
    let batch = setup.test.batch(samples: 0..<count)
    let vertices = setup.body.vertexCount
    let predicted = points(try network.predict(batch.pose2D, count: count).mesh, perSample: vertices)
    let scale = ColorScale("vertex error", unit: "mm", maximum: 150)
    let rows = zip(points(batch.mesh, perSample: vertices), predicted).enumerated().map { index, meshes in
      panels(batch, index, truth: meshes.0, prediction: meshes.1, scale)
    }
    return [
      .paragraph(
        "The first \(count) test samples, not chosen by hand. The camera's view, then the same bodies from the side."),
      .figure(.init(rows.flatMap { $0 }, columns: 5, legend: scale)),
    ]
  }

  private func panels(
    _ batch: SampleBatch, _ index: Int, truth: [SIMD3<Double>], prediction: [SIMD3<Double>], _ scale: ColorScale
  ) -> [Report.Figure.Panel] {
    let joints = setup.jointSet.count
    let pixels = (0..<joints).map { joint in
      let at = 2 * (index * joints + joint)
      return SIMD2(Double(batch.pixels[at]), Double(batch.pixels[at + 1]))
    }
    let trueMesh = TriangleMesh(vertices: truth, faces: setup.body.faces)
    let predictedMesh = TriangleMesh(vertices: prediction, faces: setup.body.faces)
    let errors = zip(truth, prediction).map { 1000 * norm($0 - $1) }
    let picture = MeshPicture(from: .camera, panelSize: SIMD2(200, 300))
    let side = MeshPicture(from: Viewpoint.camera.turned(byDegrees: 75), panelSize: SIMD2(200, 300))
    return [
      .init(.picture(SkeletonPicture(of: setup.jointSet).image(pixels, width: 200, height: 300)), label: "2D joints"),
      .init(.picture(picture.image(of: trueMesh)), label: "true"),
      .init(.picture(picture.image(of: predictedMesh, color: .slate)), label: "predicted"),
      .init(
        .picture(side.image(of: [[Surface(trueMesh, color: .clay), Surface(predictedMesh, color: .slate)]])),
        label: "both, from the side"),
      .init(
        .picture(
          picture.image(
            of: [[Surface(predictedMesh, colors: scale.map.colors(of: errors, maximum: scale.maximum))]])),
        label: "error"),
    ]
  }
}
