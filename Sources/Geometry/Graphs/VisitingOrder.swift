/// How heavy-edge matching orders vertices of equal degree.
///
/// Ties are the rule on meshes, so the choice decides the permutation of the vertices, which is part of a trained
/// network.
public enum VisitingOrder: String, Sendable, CaseIterable {
  /// Upstream's: the order in which the scalar introsort of NumPy leaves ties. Needed for published checkpoints.
  case introsort
  /// Ties by ascending index.
  case stable

  /// Indices of `values` in ascending order of value.
  public func sortedIndices(of values: [Double]) -> [Int] {
    switch self {
    case .stable: values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    case .introsort: introsortedIndices(of: values)
    }
  }
}

/// An index sort that leaves ties exactly where NumPy's scalar introsort (1.13 and later, without SIMD) does:
/// median-of-three quicksort on an explicit stack, insertion sort below 17 elements, and heap sort for segments that were
/// split too often.
private func introsortedIndices(of values: [Double]) -> [Int] {
  var index = Array(values.indices)
  guard index.count > 1 else { return index }
  var low = 0
  var high = index.count - 1
  var depth = 2 * (Int.bitWidth - 1 - index.count.leadingZeroBitCount)
  var waiting: [(low: Int, high: Int, depth: Int)] = []
  while true {
    if depth < 0 {
      heapsort(&index, low...high, by: values)
    } else {
      while high - low > 15 {
        let split = partition(&index, low, high, by: values)
        depth -= 1
        // The larger side waits, so the stack stays short.
        if split - low < high - split {
          waiting.append((split + 1, high, depth))
          high = split - 1
        } else {
          waiting.append((low, split - 1, depth))
          low = split + 1
        }
      }
      insertionSort(&index, low, high, by: values)
    }
    guard let next = waiting.popLast() else { return index }
    (low, high, depth) = next
  }
}

/// Splits a segment about the median of its first, middle and last element, and returns where the median stands.
private func partition(_ index: inout [Int], _ low: Int, _ high: Int, by values: [Double]) -> Int {
  let middle = low + (high - low) / 2
  if values[index[middle]] < values[index[low]] { index.swapAt(middle, low) }
  if values[index[high]] < values[index[middle]] { index.swapAt(high, middle) }
  if values[index[middle]] < values[index[low]] { index.swapAt(middle, low) }
  let pivot = values[index[middle]]
  index.swapAt(middle, high - 1)
  var i = low
  var j = high - 1
  while true {
    repeat { i += 1 } while values[index[i]] < pivot
    repeat { j -= 1 } while pivot < values[index[j]]
    if i >= j { break }
    index.swapAt(i, j)
  }
  index.swapAt(i, high - 1)
  return i
}

private func insertionSort(_ index: inout [Int], _ low: Int, _ high: Int, by values: [Double]) {
  guard low < high else { return }
  for i in (low + 1)...high {
    let item = index[i]
    var j = i
    while j > low, values[item] < values[index[j - 1]] {
      index[j] = index[j - 1]
      j -= 1
    }
    index[j] = item
  }
}

private func heapsort(_ index: inout [Int], _ segment: ClosedRange<Int>, by values: [Double]) {
  let base = segment.lowerBound - 1  // nodes count from 1
  func sift(_ item: Int, from start: Int, size: Int) {
    var node = start
    var child = 2 * node
    while child <= size {
      if child < size, values[index[base + child]] < values[index[base + child + 1]] { child += 1 }
      guard values[item] < values[index[base + child]] else { break }
      index[base + node] = index[base + child]
      node = child
      child = 2 * node
    }
    index[base + node] = item
  }
  for node in stride(from: segment.count / 2, through: 1, by: -1) {
    sift(index[base + node], from: node, size: segment.count)
  }
  for size in stride(from: segment.count - 1, through: 1, by: -1) {
    let item = index[base + size + 1]
    index[base + size + 1] = index[base + 1]
    sift(item, from: 1, size: size)
  }
}
