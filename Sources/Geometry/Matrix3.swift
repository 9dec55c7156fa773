/// A 3 x 3 matrix in Double, kept as its columns.
public struct Matrix3: Sendable, Equatable {
  public var x, y, z: SIMD3<Double>

  public init(columns x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>) {
    (self.x, self.y, self.z) = (x, y, z)
  }

  public init(rows a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) {
    self.init(columns: SIMD3(a.x, b.x, c.x), SIMD3(a.y, b.y, c.y), SIMD3(a.z, b.z, c.z))
  }

  public init(diagonal d: SIMD3<Double>) {
    self.init(columns: SIMD3(d.x, 0, 0), SIMD3(0, d.y, 0), SIMD3(0, 0, d.z))
  }

  public static let identity = Matrix3(diagonal: SIMD3(1, 1, 1))

  public var transposed: Matrix3 { Matrix3(rows: x, y, z) }

  public var determinant: Double { dot(x, cross(y, z)) }

  /// The largest magnitude of an entry.
  public var magnitude: Double {
    [x, y, z].map { max(abs($0.x), abs($0.y), abs($0.z)) }.max()!
  }

  /// The entry at `row`, `column`, both counted from 0.
  public subscript(row: Int, column: Int) -> Double { [x, y, z][column][row] }

  public static func * (a: Matrix3, v: SIMD3<Double>) -> SIMD3<Double> { a.x * v.x + a.y * v.y + a.z * v.z }

  public static func * (a: Matrix3, b: Matrix3) -> Matrix3 { Matrix3(columns: a * b.x, a * b.y, a * b.z) }

  public static func * (a: Matrix3, s: Double) -> Matrix3 { Matrix3(columns: a.x * s, a.y * s, a.z * s) }

  public static func + (a: Matrix3, b: Matrix3) -> Matrix3 { Matrix3(columns: a.x + b.x, a.y + b.y, a.z + b.z) }

  public static func - (a: Matrix3, b: Matrix3) -> Matrix3 { Matrix3(columns: a.x - b.x, a.y - b.y, a.z - b.z) }
}
