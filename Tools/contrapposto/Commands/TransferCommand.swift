import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation
import Geometry
import MAPConNet
import Rendering
import ToolSupport
import Training

struct TransferCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer", abstract: "Puts the pose of one mesh on the body of another.",
    discussion: """
      Meshes are .obj, .ply or .glb files with any number of vertices. The result has the vertices, faces, unit, up axis \
      and place of the identity mesh.

      The network knows people in metres, y up, facing +z. Unit and up axis of a mesh are guessed from its size and \
      said; give them where the guess is wrong. A body must face +z where y is up, or -y where z is: turn it if it does \
      not.
      """)

  @Option(name: .customLong("run"), help: "The run folder of a trained MAPConNet or 3D-CoreNet.")
  var source: String

  @Option(help: "The mesh that gives the pose.")
  var pose: String

  @Option(help: "The mesh that gives the body.")
  var identity: String

  @Option(help: "The file for the result: .obj, .ply or .glb.")
  var out: String

  @Option(help: "A .png file for a picture of identity, pose and result side by side.")
  var picture: String?

  @Option(help: "The pose mesh's unit; by default guessed.")
  var poseUnit: MeshAlignment.Unit?

  @Option(help: "The pose mesh's up axis; by default guessed, and y in .glb files.")
  var poseUp: MeshAlignment.UpAxis?

  @Option(parsing: .unconditional, help: "Degrees to turn the pose mesh by, counter-clockwise seen from above.")
  var poseTurn = 0.0

  @Option(help: "The identity mesh's unit.")
  var identityUnit: MeshAlignment.Unit?

  @Option(help: "The identity mesh's up axis.")
  var identityUp: MeshAlignment.UpAxis?

  @Option(parsing: .unconditional, help: "Degrees to turn the identity mesh by; the result is turned back.")
  var identityTurn = 0.0

  @Option(help: "The network sees vertices in a random order that follows from it; results depend a little on it.")
  var seed: UInt64 = 1

  @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
  var device = "auto"

  func run() throws {
    try checkOutputs()
    let poseMesh = try mesh(pose, as: .pose, unit: poseUnit, up: poseUp, turn: ("--pose-turn", poseTurn))
    let identityMesh = try mesh(
      identity, as: .identity, unit: identityUnit, up: identityUp, turn: ("--identity-turn", identityTurn))
    let trained = try TrainedTransfer(RunFolder.open(source))
    let (network, notice) = try trained.network(
      identityPoints: identityMesh.pointCount, posePoints: poseMesh.pointCount, on: makeDevice(device))

    show("pose", poseMesh.remarks)
    show("identity", identityMesh.remarks)
    show("notice", [notice, sizeNotice(poseMesh, identityMesh), formatNotice(identityMesh)].compactMap { $0 })
    let result = try network.transferred(pose: poseMesh, to: identityMesh)
    let png = picture == nil ? nil : try PNG.encode(image(identityMesh, poseMesh, result))
    try result.write(to: URL(fileURLWithPath: out))
    let alignment = identityMesh.alignment
    print("\(out)  the body of \(identity) in the pose of \(pose), in \(alignment.unit), \(alignment.upAxis) up")
    if let picture, let png {
      try AtomicFile.write(png, to: URL(fileURLWithPath: picture))
      print("\(picture)  identity, pose, result")
    }
  }
}

// MARK: - Input

extension TransferCommand {
  private func mesh(
    _ path: String, as role: TransferMesh.Role, unit: MeshAlignment.Unit?, up: MeshAlignment.UpAxis?,
    turn: (flag: String, degrees: Double)
  ) throws -> TransferMesh {
    guard turn.degrees.isFinite else {
      throw ComputeError(
        .usage, what: "\(turn.flag) \(turn.degrees)", why: "a mesh is turned by so many degrees",
        mend: "give a number, for instance 90")
    }
    let url = URL(fileURLWithPath: path)
    let mesh = try TriangleMesh(contentsOf: url)
    // The format has y up, whatever the body's longer side.
    let glbUp: MeshAlignment.UpAxis? = try MeshFile.Format(of: url) == .glb ? .y : nil
    return try TransferMesh(
      mesh, as: role, name: path, unit: unit, upAxis: up ?? glbUp, turnedByDegrees: turn.degrees, seed: seed)
  }

  private func sizeNotice(_ pose: TransferMesh, _ identity: TransferMesh) -> String? {
    let (a, b) = (pose.alignment.longestSide, identity.alignment.longestSide)
    guard max(a, b) > 2.5 * min(a, b) else { return nil }
    return String(
      format:
        "the pose mesh is %.2f m long and the identity mesh %.2f m: give --pose-unit or --identity-unit if a unit "
        + "is wrong", a, b)
  }
}

// MARK: - Output

extension TransferCommand {
  /// Lines for the terminal, with a title beside the first.
  private func show(_ title: String, _ lines: [String]) {
    let console = Console.standardError()
    for (index, line) in lines.enumerated() {
      console.print((index == 0 ? title : "").padding(toLength: 10, withPad: " ", startingAt: 0) + line)
    }
  }

  /// Finds what is wrong with the paths before any work is done.
  private func checkOutputs() throws {
    _ = try MeshFile.Format(of: URL(fileURLWithPath: out))
    if let picture, URL(fileURLWithPath: picture).pathExtension.lowercased() != "png" {
      throw ComputeError(
        .usage, what: "\(picture): not the name of a picture that can be written", why: "pictures are .png files",
        mend: "give a path that ends in .png")
    }
    for output in [out, picture].compactMap({ $0 }) {
      if let input = [pose, identity].first(where: { isSameFile($0, output) }) {
        throw ComputeError(
          .usage, what: "\(output) is the file of the mesh \(input)", why: "the result would take its place",
          mend: "give the result another name")
      }
      try AtomicFile.checkWritable(URL(fileURLWithPath: output))
    }
  }

  /// Whether two paths lead to one file, by links too.
  private func isSameFile(_ a: String, _ b: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(a, &first) == 0, stat(b, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  private func formatNotice(_ identity: TransferMesh) -> String? {
    let (unit, up) = (identity.alignment.unit, identity.alignment.upAxis)
    guard URL(fileURLWithPath: out).pathExtension.lowercased() == "glb", unit != .metres || up != .y else { return nil }
    return "\(out) will be in \(unit) with \(up) up, as the identity mesh is; viewers take .glb files for metres, y up"
  }

  private func image(_ identity: TransferMesh, _ pose: TransferMesh, _ result: MovedMesh) -> Image {
    let front = Viewpoint(from: [0, 0, 1], up: [0, 1, 0])
    let picture = MeshPicture(from: front.turned(byDegrees: 25).raised(byDegrees: 8), panelSize: SIMD2(400, 520))
    return picture.image(of: [
      [Surface(identity.surface.mesh, color: .clay)], [Surface(pose.surface.mesh, color: .clay)],
      [Surface(result.aligned, color: .slate)],
    ])
  }
}
