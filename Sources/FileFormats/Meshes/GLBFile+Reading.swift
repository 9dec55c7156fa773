import Compute
import Foundation

extension GLBFile {
  /// Reads a file.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `init(parsing:source:)`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path)
  }

  /// Reads the bytes of a file: the triangles of every mesh of its scene, one after the other, moved by their nodes.
  ///
  /// A skinned mesh comes in its rest pose, without the node's transform, as the specification has it. Files without
  /// nodes give their meshes as they are. Points and lines are passed over.
  ///
  /// - Parameter source: What to call the file in errors.
  /// - Throws: `ComputeError` `.data` when the file is cut short or malformed, needs an extension that changes geometry
  ///   (Draco, meshopt), or holds a position that is not finite or an index outside the vertices.
  public init(parsing data: Data, source: String) throws {
    self = try data.withUnsafeBytes { bytes in
      let container = try GLBContainer(bytes, source: source)
      var reader = GLBReader(document: container.document, binary: container.binary, source: source)
      return try reader.read()
    }
  }
}

/// The chunks of the container.
private struct GLBContainer {
  let document: JSONValue
  let binary: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer, source: String) throws {
    func fault(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source): not a GLB file that can be read", why: why,
        mend: "copy or export the file again, as glTF 2.0 binary (.glb)")
    }
    func word(_ at: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    }
    guard bytes.count >= 20, word(0) == GLBFile.magic else { throw fault("it does not begin with a GLB header") }
    guard word(4) == 2 else { throw fault("it is version \(word(4)) of the format, 2 is read") }
    let length = word(8)
    guard length <= bytes.count else { throw fault("it is cut short: \(bytes.count) bytes of \(length)") }
    var json: UnsafeRawBufferPointer?
    var binary = UnsafeRawBufferPointer(start: nil, count: 0)
    var at = 12
    while at + 8 <= length {
      let (size, kind) = (word(at), word(at + 4))
      guard at + 8 + size <= length else { throw fault("a chunk of \(size) bytes reaches past its end") }
      let chunk = UnsafeRawBufferPointer(rebasing: bytes[at + 8..<at + 8 + size])
      if at == 12 {
        guard kind == GLBFile.jsonChunk else { throw fault("its first chunk is not JSON") }
        json = chunk
      } else if kind == GLBFile.binaryChunk, binary.isEmpty {
        binary = chunk
      }
      at += 8 + size
    }
    guard let json else { throw fault("it holds no chunk") }
    document = try JSONValue(parsing: Data(json), source: source)
    self.binary = binary
  }
}

private struct GLBReader {
  let document: JSONValue
  let binary: UnsafeRawBufferPointer
  let source: String
  private var vertices: [SIMD3<Double>] = []
  private var triangles: [SIMD3<Int32>] = []

  init(document: JSONValue, binary: UnsafeRawBufferPointer, source: String) {
    self.document = document
    self.binary = binary
    self.source = source
  }

  /// Required extensions that change pictures or add data, not the geometry that is read here.
  private static let harmless = ["KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_xmp"]
  private static let readable = ["KHR_mesh_quantization"]

  mutating func read() throws -> GLBFile {
    for name in document["extensionsRequired"]?.strings ?? []
    where !Self.readable.contains(name) && !Self.harmless.contains(where: { name.hasPrefix($0) }) {
      throw ComputeError(
        .data, what: "\(source): the mesh needs the extension \(name)", why: "its data cannot be decoded without it",
        mend: "export it again without compression, or unpack it with a glTF tool first")
    }
    for (mesh, transform) in try instances() { try add(mesh: mesh, transform) }
    guard !vertices.isEmpty else { throw fault("its scene shows no mesh of triangles") }
    return GLBFile(vertices: vertices, triangles: triangles)
  }

  /// The meshes of the scene in the order of its tree, with their place in the world.
  private func instances() throws -> [(mesh: Int, transform: GLBTransform)] {
    let nodes = document["nodes"]?.array ?? []
    guard !nodes.isEmpty else { return (document["meshes"]?.array ?? []).indices.map { ($0, .identity) } }
    var found: [(mesh: Int, transform: GLBTransform)] = []
    var isVisited = [Bool](repeating: false, count: nodes.count)
    // A stack, last first: files may nest deeper than calls can.
    var pending = try roots(of: nodes).reversed().map { (node: $0, parent: GLBTransform.identity) }
    while let (index, parent) = pending.popLast() {
      guard nodes.indices.contains(index) else { throw fault("node \(index) does not exist") }
      guard !isVisited[index] else { throw fault("node \(index) has two parents, or is its own ancestor") }
      isVisited[index] = true
      let node = nodes[index]
      guard let local = GLBTransform(node: node) else { throw fault("the transform of node \(index) is malformed") }
      let world = parent.composed(with: local)
      if let mesh = node["mesh"] {
        guard let mesh = mesh.int else { throw fault("the mesh of node \(index) is no number") }
        found.append((mesh, node["skin"] == nil ? world : .identity))
      }
      if let children = node["children"] {
        guard let children = children.ints else { throw fault("the children of node \(index) are malformed") }
        pending += children.reversed().map { (node: $0, parent: world) }
      }
    }
    return found
  }

  /// The roots of the default scene; of a file without scenes, all nodes that are nobody's children.
  private func roots(of nodes: [JSONValue]) throws -> [Int] {
    guard let scenes = document["scenes"]?.array, !scenes.isEmpty else {
      let children = Set(nodes.flatMap { $0["children"]?.ints ?? [] })
      return nodes.indices.filter { !children.contains($0) }
    }
    let number = document["scene"]?.int ?? 0
    guard scenes.indices.contains(number) else { throw fault("scene \(number) does not exist") }
    return scenes[number]["nodes"]?.ints ?? []
  }

  private mutating func add(mesh number: Int, _ transform: GLBTransform) throws {
    guard let meshes = document["meshes"]?.array, meshes.indices.contains(number),
      let primitives = meshes[number]["primitives"]?.array
    else { throw fault("mesh \(number) does not exist, or has no primitives") }
    for primitive in primitives { try add(primitive, of: number, transform) }
  }

  private mutating func add(_ primitive: JSONValue, of mesh: Int, _ transform: GLBTransform) throws {
    let mode = primitive["mode"]?.int ?? 4
    guard (4...6).contains(mode) else { return }
    guard let position = primitive["attributes"]?["POSITION"]?.int else {
      throw fault("a primitive of mesh \(mesh) has no positions")
    }
    let positions = try accessor(position)
    guard positions.width == 3 else { throw fault("the positions of mesh \(mesh) are no vectors of three") }
    let base = vertices.count
    guard base + positions.count <= Int(Int32.max) else { throw fault("it has more vertices than indices can name") }
    for index in 0..<positions.count {
      let stored = SIMD3(positions.value(index, 0), positions.value(index, 1), positions.value(index, 2))
      let vertex = transform(stored)
      guard vertex.x.isFinite, vertex.y.isFinite, vertex.z.isFinite else {
        throw fault("vertex \(index) of mesh \(mesh) is (\(stored.x), \(stored.y), \(stored.z)): not finite")
      }
      vertices.append(vertex)
    }
    let corners = try corners(primitive, of: mesh, vertexCount: positions.count).map { Int32(base + $0) }
    guard mode != 4 || corners.count.isMultiple(of: 3) else {
      throw fault("mesh \(mesh) has \(corners.count) corners, no multiple of three")
    }
    for var triangle in Self.triangles(corners, mode: mode) {
      if transform.isMirroring { triangle = SIMD3(triangle.x, triangle.z, triangle.y) }
      triangles.append(triangle)
    }
  }

  /// The vertex of each corner in turn, counted within the primitive.
  private func corners(_ primitive: JSONValue, of mesh: Int, vertexCount: Int) throws -> [Int] {
    guard let value = primitive["indices"] else { return Array(0..<vertexCount) }
    guard let number = value.int else { throw fault("the indices of mesh \(mesh) are malformed") }
    let indices = try accessor(number)
    guard indices.width == 1, [.uint8, .uint16, .uint32].contains(indices.component) else {
      throw fault("the indices of mesh \(mesh) are no unsigned numbers")
    }
    return try (0..<indices.count).map { corner in
      let index = Int(indices.value(corner))
      guard index < vertexCount else {
        throw fault("corner \(corner) of mesh \(mesh) names vertex \(index), but there are \(vertexCount), from 0")
      }
      return index
    }
  }

  /// Separate triangles (mode 4), a strip (5) or a fan (6).
  private static func triangles(_ corners: [Int32], mode: Int) -> [SIMD3<Int32>] {
    guard corners.count >= 3 else { return [] }
    switch mode {
    case 4:
      return stride(from: 0, to: corners.count, by: 3).map { SIMD3(corners[$0], corners[$0 + 1], corners[$0 + 2]) }
    case 5:
      // Every second triangle of a strip runs the other way round.
      return (2..<corners.count).map { k in
        k.isMultiple(of: 2)
          ? SIMD3(corners[k - 2], corners[k - 1], corners[k]) : SIMD3(corners[k - 1], corners[k - 2], corners[k])
      }
    default:
      return (2..<corners.count).map { SIMD3(corners[0], corners[$0 - 1], corners[$0]) }
    }
  }

  private func accessor(_ index: Int) throws -> GLBAccessor {
    try GLBAccessor(index, of: document, in: binary, source: source)
  }

  private func fault(_ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(source): malformed GLB", why: why, mend: "export the mesh again, as glTF 2.0 binary (.glb)")
  }
}
