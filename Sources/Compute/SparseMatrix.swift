/// A constant sparse matrix on a device, in compressed sparse row form, together with its transpose.
///
/// Row r holds entries `rowStart[r] ..< rowStart[r + 1]`, columns ascending.
public final class SparseMatrix: Sendable {
  private struct Rows: Sendable {
    let rows, columns: Int
    let rowStart, column, value: TensorView

    init(_ source: CompressedRows, _ elementType: ElementType, on device: any MemoryOperations) {
      rows = source.rows
      columns = source.columns
      rowStart = device.upload(source.rowStart, [source.rows + 1])
      column = device.upload(source.column, [source.column.count])
      value = device.allocate(elementType, [source.value.count])
      device.upload(source.value, to: value)
    }
  }

  private let own, other: Rows

  /// Uploads a matrix; its values are rounded once to `elementType`.
  ///
  /// The transpose is made here and not at its first use, so that a training step allocates nothing that stays.
  public convenience init(_ source: CompressedRows, _ elementType: ElementType, on device: any MemoryOperations) {
    precondition(elementType.isReal, "SparseMatrix: \(elementType) is not a real type")
    self.init(
      own: Rows(source, elementType, on: device), other: Rows(source.transposed(), elementType, on: device))
  }

  private init(own: Rows, other: Rows) {
    self.own = own
    self.other = other
  }

  public var transposed: SparseMatrix { SparseMatrix(own: other, other: own) }

  public var rows: Int { own.rows }
  public var columns: Int { own.columns }
  /// int32 `[rows + 1]`.
  public var rowStart: TensorView { own.rowStart }
  /// int32 `[nonzeros]`.
  public var column: TensorView { own.column }
  /// Real `[nonzeros]`.
  public var value: TensorView { own.value }
  public var nonzeros: Int { own.value.shape[0] }
  public var elementType: ElementType { own.value.elementType }
}
