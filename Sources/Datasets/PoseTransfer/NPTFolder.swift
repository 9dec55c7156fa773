import Compute
import FileFormats
import Foundation
import Geometry

/// A folder of meshes named by identity and pose, as the published data of pose transfer is laid out.
///
/// Files are read when they are first needed and kept, centred and in float32, until a gigabyte is full: the published
/// training sets need 0.5 GB.
public struct NPTFolder: PoseTransferSource {
  public let folder: URL
  public let layout: NPTLayout
  public let faces: [SIMD3<Int32>]
  public let vertexCount: Int
  /// The file whose faces all others must have.
  private let firstName: String
  private let listedPairs: [PoseTransferPair]?
  private let cache = MeshCache(capacityInBytes: 1 << 30)

  /// - Parameters:
  ///   - layout: names and ranges; change its ranges for a set of another size.
  ///   - testList: the file of test pairs; by default that of the layout's name in the folder, if it is there.
  /// - Throws: `ComputeError` of kind `.noInput` when the folder cannot be read, a mesh for training or validation is
  ///   missing, or one of the list is (without a list: one of the test range); `.data` for a malformed list or first mesh.
  public init(_ folder: URL, layout: NPTLayout = .human, testList: URL? = nil) throws {
    self.folder = folder
    self.layout = layout
    let names: Set<String>
    do {
      names = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    } catch {
      throw ComputeError(
        .noInput, what: "\(folder.path): cannot list it", why: "it is missing, not a folder, or not readable",
        mend: "name the folder that holds the meshes themselves")
    }
    let list = folder.appendingPathComponent(layout.testList)
    let listURL = testList ?? (names.contains(layout.testList) ? list : nil)
    let wanted = [layout.train, layout.validation, listURL == nil ? layout.test : .init()].flatMap { range in
      range.identities.flatMap { identity in
        range.poses.map { layout.fileName(PosedIdentity(identity: identity, pose: $0)) }
      }
    }
    guard layout.train.count > 0, let first = wanted.first else {
      throw ComputeError(
        .configuration, what: "\(folder.path): no identities or poses to train on",
        why: "the ranges of the set are empty", mend: "name the identities and poses that the folder holds")
    }
    let missing = wanted.filter { !names.contains($0) }
    guard missing.isEmpty else {
      throw ComputeError(
        .noInput,
        what: "\(folder.path): \(missing.count) of \(wanted.count) meshes are missing: "
          + missing.prefix(3).joined(separator: ", ") + (missing.count > 3 ? ", ..." : ""),
        why: "every identity is needed in every pose", mend: "complete the folder, or name the ranges that it holds")
    }
    let mesh = try MeshFile(contentsOf: folder.appendingPathComponent(first))
    firstName = first
    faces = mesh.triangles
    vertexCount = mesh.vertices.count
    listedPairs = try listURL.map { try NPTTestList.read($0, layout: layout, folder: folder, files: names) }
  }

  public var summary: String {
    "\(layout.train.identities.count) identities in \(layout.train.poses.count) poses of \(folder.lastPathComponent)"
  }

  public func range(_ split: SampleSplit) -> PoseTransferRange {
    switch split {
    case .train: layout.train
    case .validation: layout.validation
    case .test: layout.test
    }
  }

  /// - Throws: `ComputeError` as `MeshFile.init(contentsOf:)`, and of kind `.data` when the mesh has other faces than the
  ///   set's first, or an edge of length 0.
  public func vertices(_ mesh: PosedIdentity) throws -> [SIMD3<Double>] {
    let url = folder.appendingPathComponent(layout.fileName(mesh))
    let file = try MeshFile(contentsOf: url)
    guard file.vertices.count == vertexCount, file.triangles == faces else {
      throw ComputeError(
        .data,
        what: "\(url.path): its \(file.vertices.count) vertices or \(file.triangles.count) faces are not those of "
          + "\(firstName), \(vertexCount) and \(faces.count)",
        why: "all meshes of a set share one vertex order and its faces", mend: "make the set anew with one topology")
    }
    try checkEdgeLengths(file.vertices, faces: faces, name: url.path)
    return file.vertices
  }

  public func centredVertices(_ mesh: PosedIdentity) throws -> [Float] {
    if let known = cache[mesh] { return known }
    let points = centred(try vertices(mesh))
    cache[mesh] = points
    return points
  }

  /// The first `count` pairs of the test list, if the folder has one; drawn pairs otherwise.
  public func pairs(of split: SampleSplit, count: Int, seed: UInt64) throws -> [PoseTransferPair] {
    if split == .test, let listedPairs { return Array(listedPairs.prefix(count)) }
    return try range(split).pairs(of: split, count: count, seed: seed)
  }
}

/// Meshes that were read before, up to a size in all.
private final class MeshCache: @unchecked Sendable {
  private let lock = NSLock()
  private let capacityInBytes: Int
  private var points: [PosedIdentity: [Float]] = [:]
  private var bytes = 0

  init(capacityInBytes: Int) { self.capacityInBytes = capacityInBytes }

  subscript(mesh: PosedIdentity) -> [Float]? {
    get { lock.withLock { points[mesh] } }
    set {
      guard let newValue else { return }
      lock.withLock {
        let size = newValue.count * MemoryLayout<Float>.size
        guard points[mesh] == nil, bytes + size <= capacityInBytes else { return }
        points[mesh] = newValue
        bytes += size
      }
    }
  }
}
