/// A square window that moves over a picture: how wide it is, how far it steps, and how many zeros surround the picture.
public struct Window: Sendable, Hashable {
  public let size, stride, padding: Int

  public init(size: Int, stride: Int = 1, padding: Int = 0) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  /// How many positions the window takes along an axis of so many pixels; 0 or less when it does not fit.
  public func positions(_ pixels: Int) -> Int {
    pixels + 2 * padding < size ? 0 : (pixels + 2 * padding - size) / stride + 1
  }

  /// `[batch, height, width]` of what comes out for pictures of the shape `[batch, height, width, ...]`.
  public func output(_ shape: [Int]) -> [Int] { [shape[0], positions(shape[1]), positions(shape[2])] }
}

extension Window {
  /// What every operation with a window demands of its two pictures.
  func check(_ name: String, input: TensorView, output: TensorView) throws {
    guard size > 0, stride > 0, padding >= 0, padding < size else {
      throw ComputeError(
        .shape, what: "\(name): a window of size \(size), stride \(stride), padding \(padding)",
        why: "size and stride are at least 1, and a window lies at least partly inside the picture",
        mend: "take a padding from 0 to size - 1")
    }
    guard input.rank == 4, output.rank == 4, Array(output.shape[..<3]) == self.output(input.shape) else {
      throw ComputeError(
        .shape, what: "\(name): pictures of shapes \(input.shape) and \(output.shape)",
        why: "both are [batch, height, width, channels], and a window of \(size) with stride \(stride) and padding "
          + "\(padding) takes (pixels + 2 padding - size) / stride + 1 positions along each side",
        mend: "ask Window.output for the shape")
    }
    guard input.elementType.isReal, input.elementType == output.elementType, input.isContiguous, output.isContiguous
    else {
      throw ComputeError(
        .shape,
        what: "\(name): types \(input.elementType) and \(output.elementType), strides \(input.strides) and "
          + "\(output.strides)",
        why: "pictures are of one real type, with a pixel's channels side by side and no gaps",
        mend: "copy them into contiguous tensors first")
    }
  }
}
