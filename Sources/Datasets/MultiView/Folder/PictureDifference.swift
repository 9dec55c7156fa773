import FileFormats

/// How much a camera's picture changed around the person: the mean absolute difference of grey, from 0 to 255, in the
/// smallest rectangle that holds both persons' boxes, brought to 64 x 64 pixels.
struct GreyPicture {
  let width, height: Int
  /// 0.299 red + 0.587 green + 0.114 blue.
  let values: [Float]
  let box: PersonBox

  private static let size = 64

  init(_ picture: Image, box: PersonBox) {
    precondition(picture.format == .rgb, "GreyPicture: not RGB")
    (width, height) = (picture.width, picture.height)
    self.box = box
    values = picture.pixels.withUnsafeBufferPointer { pixels in
      (0..<picture.width * picture.height).map {
        0.299 * Float(pixels[3 * $0]) + 0.587 * Float(pixels[3 * $0 + 1]) + 0.114 * Float(pixels[3 * $0 + 2])
      }
    }
  }

  func difference(from other: GreyPicture) -> Double {
    func bounds(_ axis: Int) -> (low: Double, high: Double) {
      (
        min(box.centre[axis] - box.side / 2, other.box.centre[axis] - other.box.side / 2),
        max(box.centre[axis] + box.side / 2, other.box.centre[axis] + other.box.side / 2)
      )
    }
    let (x, y) = (bounds(0), bounds(1))
    var sum = 0.0
    for row in 0..<Self.size {
      let v = y.low + (Double(row) + 0.5) / Double(Self.size) * (y.high - y.low)
      for column in 0..<Self.size {
        let u = x.low + (Double(column) + 0.5) / Double(Self.size) * (x.high - x.low)
        sum += Double(abs(value(u, v) - other.value(u, v)))
      }
    }
    return sum / Double(Self.size * Self.size)
  }

  /// Bilinear, pixel centres at halves of integers, 0 outside.
  private func value(_ x: Double, _ y: Double) -> Float {
    let (x, y) = (x - 0.5, y - 0.5)
    guard x > -1, y > -1, x < Double(width), y < Double(height) else { return 0 }
    let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
    let (right, bottom) = (Float(x - Double(left)), Float(y - Double(top)))
    func pixel(_ column: Int, _ row: Int) -> Float {
      column >= 0 && column < width && row >= 0 && row < height ? values[row * width + column] : 0
    }
    return (1 - bottom) * ((1 - right) * pixel(left, top) + right * pixel(left + 1, top))
      + bottom * ((1 - right) * pixel(left, top + 1) + right * pixel(left + 1, top + 1))
  }
}
