import Compute
import TestSupport
import Testing

/// Views are checked against the list of buffer positions that they stand for.
struct TensorViewTests {
  @Test func slicesTransposesAndSelectionsPickTheirElements() {
    let view = example([4, 5, 6])
    let slice = view.sliced(axis: 1, 1..<5, step: 2)
    #expect(slice.shape == [4, 2, 6])
    #expect(places(slice) == pick([4, 2, 6]) { [$0[0], 1 + 2 * $0[1], $0[2]] })
    #expect(places(view.transposed(0, 2)) == pick([6, 5, 4]) { [$0[2], $0[1], $0[0]] })
    #expect(places(view.transposed) == pick([4, 6, 5]) { [$0[0], $0[2], $0[1]] })
    #expect(places(view.selecting(axis: 1, 3)) == pick([4, 6]) { [$0[0], 3, $0[1]] })
    #expect(places(view.expanded(axis: 2)) == pick([4, 5, 1, 6]) { [$0[0], $0[1], $0[3]] })
    #expect(view.sliced(axis: 0, 2..<2).isEmpty)

    func pick(_ shape: [Int], _ source: ([Int]) -> [Int]) -> [Int] {
      indices(of: shape).map { index in
        zip(source(index), view.strides).reduce(view.offset) { $0 + $1.0 * $1.1 }
      }
    }
  }

  @Test func broadcastRepeatsAxesOfSizeOne() {
    let view = example([3, 1])
    let wide = view.broadcast(to: [2, 3, 4])
    #expect(places(wide) == indices(of: [2, 3, 4]).map { view.offset + $0[1] * view.strides[0] })
    #expect(view.broadcast(to: [3, 1]).strides == view.strides)
    #expect(example([]).broadcast(to: [2, 2]).strides == [0, 0])
  }

  @Test func contiguousMeansRowMajorWithoutGaps() {
    #expect(example([2, 3]).isContiguous)
    #expect(example([]).isContiguous)
    #expect(!example([2, 3]).transposed.isContiguous)
    #expect(!example([2, 4]).sliced(axis: 1, 0..<3).isContiguous)
    #expect(example([2, 4]).sliced(axis: 0, 1..<2).isContiguous)
    #expect(example([4, 2]).sliced(axis: 1, 0..<1).sliced(axis: 0, 0..<1).isContiguous)
    #expect(!example([1]).broadcast(to: [5]).isContiguous)
    #expect(example([0, 7]).isContiguous)
  }

  /// A reshape keeps the order of the elements, and is refused only where no strides could.
  @Test func reshapeKeepsTheOrderWheneverStridesCan() {
    let shapes = [[2, 3, 4], [6, 4], [24], [2, 12], [4, 6], [1, 24, 1], [2, 1, 3, 2, 2], [3, 8], [2, 2, 2, 3]]
    var refusals = 0
    for shape in shapes {
      let full = example(shape)
      var views = [full, full.transposed(0, shape.count - 1), TensorViewTests.repeated(shape)]
      // Every other element of an axis twice as long: the last axis has a gap, or the first has.
      for axis in [0, shape.count - 1] {
        var doubled = shape
        doubled[axis] *= 2
        views.append(example(doubled).sliced(axis: axis, 0..<doubled[axis], step: 2))
        views.append(example(doubled).sliced(axis: axis, 0..<shape[axis]))
      }
      for view in views {
        for target in shapes {
          if let reshaped = view.reshapedIfPossible(target) {
            #expect(reshaped.shape == target)
            #expect(places(reshaped) == places(view), "\(view.shape) \(view.strides) to \(target)")
          } else {
            refusals += 1
            #expect(
              !TensorViewTests.stridesExist(for: places(view), target), "\(view.shape) \(view.strides) to \(target)")
          }
        }
      }
    }
    #expect(refusals > 0)
  }

  @Test func reshapeOfNothingAndOfAScalar() {
    #expect(example([0, 3]).reshaped([3, 5, 0]).shape == [3, 5, 0])
    #expect(example([1, 1]).reshaped([]).shape == [])
    #expect(example([]).reshaped([1, 1, 1]).elementCount == 1)
  }

  // MARK: - Helpers

  private func example(_ shape: [Int]) -> TensorView {
    TensorView(buffer: Buffer(byteCount: 4096), elementType: .float32, shape: shape, offset: 7)
  }

  private static func repeated(_ shape: [Int]) -> TensorView {
    TensorView(buffer: Buffer(byteCount: 4096), elementType: .float32, shape: [1]).broadcast(to: shape)
  }

  private func places(_ view: TensorView) -> [Int] {
    indices(of: view.shape).map { index in zip(index, view.strides).reduce(view.offset) { $0 + $1.0 * $1.1 } }
  }

  /// Whether some strides give `places` the shape `shape`: they could only be the distances of neighbours.
  private static func stridesExist(for places: [Int], _ shape: [Int]) -> Bool {
    let rowMajor = TensorView.rowMajorStrides(shape)
    let strides = shape.indices.map { shape[$0] > 1 ? places[rowMajor[$0]] - places[0] : 0 }
    return indices(of: shape).map { zip($0, strides).reduce(places[0]) { $0 + $1.0 * $1.1 } } == places
  }
}

struct IterationSpaceTests {
  @Test func contiguousOperandsMergeToOneAxis() {
    let strides = TensorView.rowMajorStrides([3, 4, 5])
    #expect(IterationSpace(shape: [3, 4, 5], strides: [strides, strides]).shape == [60])
    #expect(IterationSpace(shape: [], strides: [[], []]).shape == [1])
    #expect(IterationSpace(shape: [1, 1], strides: [[7, 1]]).shape == [1])
    #expect(IterationSpace(shape: [3, 0], strides: [[0, 1]]).elementCount == 0)
  }

  /// The nest visits the same positions in the same order, and no two neighbours could still be merged.
  @Test func mergingKeepsTheWalk() {
    let shapes = [[2, 3, 4], [4, 1, 3, 2], [5], [2, 2, 2, 2, 2, 2]]
    for shape in shapes {
      let full = TensorView(buffer: Buffer(byteCount: 4096), elementType: .float32, shape: shape)
      let row = TensorView(buffer: Buffer(byteCount: 64), elementType: .float32, shape: [shape.last!])
      let first = TensorView(
        buffer: Buffer(byteCount: 64), elementType: .float32,
        shape: [shape[0]] + [Int](repeating: 1, count: shape.count - 1))
      for operands in [[full, row], [full, full], [full, first], [full, row, first], [row]] {
        let space = IterationSpace(shape: shape, views: operands)
        for (operand, merged) in zip(operands, space.strides) {
          #expect(walk(space.shape, merged) == walk(shape, operand.broadcast(to: shape).strides))
        }
        for axis in space.shape.indices.dropLast() {
          #expect(space.strides.contains { $0[axis] != $0[axis + 1] * space.shape[axis + 1] })
        }
      }
    }
  }

  private func walk(_ shape: [Int], _ strides: [Int]) -> [Int] {
    indices(of: shape).map { zip($0, strides).reduce(0) { $0 + $1.0 * $1.1 } }
  }
}
