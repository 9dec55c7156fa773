import Compute

/// The sizes of the reduced body surface: closed meshes of one component, nested in each other.
///
/// The tables (vertex ids, faces, joint regressors) are this project's own work on the CC0 base mesh of MakeHuman:
/// made by collapsing edges onto one of their ends, so vertices are kept, never moved. Tools/tables/README.md tells how
/// they were packed.
public enum BodySurface: Int, Sendable, CaseIterable {
  case full = 6890
  case medium = 1722
  case small = 432

  public var vertexCount: Int { rawValue }

  /// `[faces, 3]`: corners counted among this surface's vertices.
  public var faces: [SIMD3<Int32>] { Self.tables.faces[index] }

  /// Positions of this surface's vertices among the 6,890.
  var positions: [Int] { Self.tables.positions[index] }

  /// Ids of the 6,890 vertices in the base mesh of 19,158.
  static var baseVertices: [Int] { tables.baseVertices }

  /// Maps from this surface to joints by the name of the joint set, `[joints, vertices]`; rows sum to 1.
  public var jointRegressors: [String: CompressedRows] { Self.tables.regressors[index] }

  private var index: Int {
    switch self {
    case .full: 0
    case .medium: 1
    case .small: 2
    }
  }

  private static let tables = BodyTables()
}

/// What the embedded tables hold, each list in the order of `BodySurface.allCases`.
private struct BodyTables {
  let baseVertices: [Int]
  let positions: [[Int]]
  let faces: [[SIMD3<Int32>]]
  let regressors: [[String: CompressedRows]]

  init() {
    var full = TableReader(.surface6890)
    baseVertices = full.numbers()
    let fullFaces = Self.corners(full.numbers())
    var reduced = TableReader(.surfaceReduced)
    let medium = (positions: reduced.numbers(), faces: Self.corners(reduced.numbers()))
    let small = (positions: reduced.numbers(), faces: Self.corners(reduced.numbers()))
    positions = [Array(baseVertices.indices), medium.positions, small.positions]
    faces = [fullFaces, medium.faces, small.faces]

    var table = TableReader(.regressors)
    let matrices = (0..<2 * BodySurface.allCases.count).map { _ in
      let rows = table.unsigned()
      let columns = table.unsigned()
      return (columns: columns, rows: (0..<rows).map { _ in table.numbers() })
    }
    let weights = table.floats(count: matrices.reduce(0) { $0 + $1.rows.reduce(0) { $0 + $1.count } })
    var next = 0
    let regressors = matrices.map { matrix in
      var start: [Int32] = [0]
      for row in matrix.rows { start.append(start[start.count - 1] + Int32(row.count)) }
      let count = Int(start[start.count - 1])
      defer { next += count }
      return CompressedRows(
        rows: matrix.rows.count, columns: matrix.columns, rowStart: start, column: matrix.rows.joined().map(Int32.init),
        value: weights[next..<next + count].map(Double.init))
    }
    self.regressors = (0..<3).map { ["human36": regressors[$0], "coco": regressors[3 + $0]] }
  }

  private static func corners(_ flat: [Int]) -> [SIMD3<Int32>] {
    stride(from: 0, to: flat.count, by: 3).map { SIMD3(Int32(flat[$0]), Int32(flat[$0 + 1]), Int32(flat[$0 + 2])) }
  }
}
