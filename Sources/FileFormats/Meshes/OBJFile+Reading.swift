import Compute
import Foundation

extension OBJFile {
  /// Reads a file.
  ///
  /// - Throws: `ComputeError` as `InputFile.read(_:)` and `init(parsing:source:)`.
  public init(contentsOf url: URL) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path)
  }

  /// Reads the text of a file: `v x y z`, `f` with `v`, `v/vt`, `v//vn` or `v/vt/vn` corners (negative indices
  /// count back from the last vertex so far), and `g`.
  ///
  /// - Parameter source: What to call the file in errors.
  /// - Throws: `ComputeError` `.data` with the line number when a coordinate is missing or not finite, a face has
  ///   less than three corners, or an index lies outside the vertices.
  public init(parsing data: Data, source: String) throws {
    var reader = OBJReader(source: source)
    for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      try reader.read(line)
    }
    self = try reader.finish()
  }
}

private struct OBJReader {
  let source: String
  private var line = 0
  private var vertices: [SIMD3<Double>] = []
  private var groups: [OBJFile.Group] = []
  private var groupOfName: [String: Int] = [:]
  private var current: Int?
  /// The largest index so far and its line: vertices may follow the faces that name them.
  private var largest = (index: -1, line: 0)

  init(source: String) { self.source = source }

  mutating func read(_ bytes: Data) throws {
    line += 1
    let words = bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
      .map { String(decoding: $0, as: UTF8.self) }
    switch words.first {
    case "v": vertices.append(try vertex(words.dropFirst()))
    case "f":
      var face: [Int] = []
      for word in words.dropFirst() { face.append(try corner(word)) }
      try add(face)
    case "g": open(words.dropFirst().joined(separator: " "))
    default: break
    }
  }

  func finish() throws -> OBJFile {
    guard !vertices.isEmpty else {
      throw ComputeError(
        .data, what: "\(source): no vertices", why: "not one line begins with \"v\"",
        mend: "check that this is a Wavefront OBJ file")
    }
    guard largest.index < vertices.count else {
      throw fault(
        "the face names vertex \(largest.index + 1), but there are \(vertices.count)", line: largest.line)
    }
    return OBJFile(vertices: vertices, groups: groups.filter { !$0.faces.isEmpty })
  }

  private func vertex(_ words: ArraySlice<String>) throws -> SIMD3<Double> {
    let numbers = try words.prefix(3).map { word in
      guard let number = Double(word), number.isFinite else { throw fault("\"\(word)\" is no finite coordinate") }
      return number
    }
    guard numbers.count == 3 else { throw fault("the vertex has \(numbers.count) coordinates, 3 are due") }
    return SIMD3(numbers[0], numbers[1], numbers[2])
  }

  /// The vertex index, from 0, of one corner of a face.
  private mutating func corner(_ word: String) throws -> Int {
    guard let first = word.split(separator: "/", omittingEmptySubsequences: false).first, let number = Int(first) else {
      throw fault("\"\(word)\" is no corner of a face")
    }
    let index = number > 0 ? number - 1 : vertices.count + number
    guard number != 0, index >= 0 else { throw fault("the face names vertex \(number), which there is not") }
    if index > largest.index { largest = (index, line) }
    return index
  }

  private mutating func open(_ name: String) {
    if let known = groupOfName[name] {
      current = known
    } else {
      groupOfName[name] = groups.count
      current = groups.count
      groups.append(OBJFile.Group(name: name, faces: []))
    }
  }

  private mutating func add(_ face: [Int]) throws {
    guard face.count >= 3 else { throw fault("the face has \(face.count) corners, 3 is the least") }
    if current == nil { open("") }
    if let current { groups[current].faces.append(face) }
  }

  private func fault(_ why: String, line: Int? = nil) -> ComputeError {
    ComputeError(
      .data, what: "\(source):\(line ?? self.line): malformed OBJ", why: why,
      mend: "correct the line, or export the mesh again")
  }
}
