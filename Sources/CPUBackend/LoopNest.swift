import CPUShim
import Compute

extension cpu_space {
  /// The two innermost axes become columns and rows.
  init(_ nest: IterationSpace) {
    let rank = nest.shape.count
    precondition(rank - 2 <= Int(CPU_AXES), "an operation over \(rank) axes that do not merge")
    self.init()
    columns = Int64(nest.shape[rank - 1])
    rows = rank > 1 ? Int64(nest.shape[rank - 2]) : 1
    outer_rank = Int32(max(rank - 2, 0))
    store(nest.shape.dropLast(2), in: &outer)
  }
}

extension cpu_operand {
  /// A view with the strides that it has in a nest.
  init(_ view: TensorView, _ strides: [Int]) {
    self.init(
      view, outer: strides.dropLast(2), row: strides.count > 1 ? strides[strides.count - 2] : 0,
      column: strides[strides.count - 1])
  }

  init(_ view: TensorView, outer: some Sequence<Int>, row: Int, column: Int) {
    self.init()
    base = view.pointer
    type = Int32(view.elementType.rawValue)
    store(outer, in: &self.outer)
    self.row = Int64(row)
    self.column = Int64(column)
  }
}

/// Writes values into a C array, which Swift sees as a tuple.
func store<Array>(_ values: some Sequence<Int>, in array: inout Array) {
  withUnsafeMutableBytes(of: &array) { bytes in
    let elements = bytes.assumingMemoryBound(to: Int64.self)
    for (index, value) in values.enumerated() { elements[index] = Int64(value) }
  }
}

/// Writes one element of a C array, which Swift sees as a tuple.
func store<Array, Element>(_ value: Element, at index: Int, in array: inout Array) {
  withUnsafeMutableBytes(of: &array) { $0.assumingMemoryBound(to: Element.self)[index] = value }
}
