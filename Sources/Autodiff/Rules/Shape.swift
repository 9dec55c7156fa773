extension Tensor {
  /// The same elements under another shape; the view shares x's memory.
  public func reshaped(_ shape: [Int]) -> Tensor {
    let original = self.shape
    return .recording("reshape", view.reshaped(shape), from: [self]) { gradients, _ in
      gradients.pass(0, gradients.upstream.reshaped(original))
    }
  }
}

extension Tensor {
  /// The range `range` of one axis; the view shares x's memory.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    .recording("slice", view.sliced(axis: axis, range), from: [self]) { gradients, _ in
      gradients.accumulate(0) { destination, beta in
        let part = destination.sliced(axis: axis, range)
        if beta == 0 {
          gradients.device.fill(destination, with: 0)
          gradients.device.copy(gradients.upstream, to: part)
        } else {
          gradients.device.map(.addition, [part, gradients.upstream], into: [part])
        }
      }
    }
  }
}

/// Joins tensors along their last axis; each input's gradient is its slice of the upstream.
public func concatenate(_ inputs: [Tensor]) -> Tensor {
  let axis = inputs[0].shape.count - 1
  var shape = inputs[0].shape
  shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
  let device = inputs[0].device
  let result = device.allocate(inputs[0].elementType, shape)
  var ranges: [Range<Int>] = []
  for input in inputs {
    let start = ranges.last?.upperBound ?? 0
    ranges.append(start..<start + input.shape[axis])
    device.copy(input.view, to: result.sliced(axis: axis, ranges[ranges.count - 1]))
  }
  return .recording("concatenate", result, from: inputs) { gradients, _ in
    for (index, range) in ranges.enumerated() {
      gradients.pass(index, gradients.upstream.sliced(axis: axis, range))
    }
  }
}
