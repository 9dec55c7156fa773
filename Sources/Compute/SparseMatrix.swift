import Synchronization

/// A constant sparse matrix on a device, in compressed sparse row form.
///
/// Row r holds entries `rowStart[r] ..< rowStart[r + 1]`, columns ascending.
public final class SparseMatrix: Sendable {
  public let rows, columns: Int
  /// int32 `[rows + 1]`.
  public let rowStart: TensorView
  /// int32 `[nonzeros]`.
  public let column: TensorView
  /// Real `[nonzeros]`.
  public let value: TensorView
  private let transposedSource: CompressedRows?
  private let cachedTranspose = TransposeCache()
  private let device: any MemoryOperations

  public var nonzeros: Int { value.shape[0] }
  public var elementType: ElementType { value.elementType }

  /// Uploads a matrix; its values are rounded once to `elementType`.
  public convenience init(_ source: CompressedRows, _ elementType: ElementType, on device: any MemoryOperations) {
    self.init(source, elementType, on: device, keepsTranspose: true)
  }

  private init(
    _ source: CompressedRows, _ elementType: ElementType, on device: any MemoryOperations, keepsTranspose: Bool
  ) {
    precondition(elementType.isReal, "SparseMatrix: \(elementType) is not a real type")
    rows = source.rows
    columns = source.columns
    rowStart = device.upload(source.rowStart, [source.rows + 1])
    column = device.upload(source.column, [source.column.count])
    value = device.allocate(elementType, [source.value.count])
    device.upload(source.value, to: value)
    transposedSource = keepsTranspose ? source.transposed() : nil
    self.device = device
  }

  /// The transpose, built at the first call. The transpose of a transpose is not kept.
  public var transposed: SparseMatrix {
    guard let transposedSource else { preconditionFailure("SparseMatrix: transposed twice; keep the original instead") }
    return cachedTranspose.value {
      SparseMatrix(transposedSource, elementType, on: device, keepsTranspose: false)
    }
  }
}

private final class TransposeCache: Sendable {
  private let stored = Mutex<SparseMatrix?>(nil)
  func value(_ build: () -> SparseMatrix) -> SparseMatrix {
    stored.withLock { slot in
      if let slot { return slot }
      let built = build()
      slot = built
      return built
    }
  }
}
