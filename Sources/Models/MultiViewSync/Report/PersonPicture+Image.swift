import Datasets
import FileFormats

extension PersonPicture {
  /// The picture in 8 bits, every pixel as a square of `scale` pixels.
  func image(scale: Int = 1) -> Image {
    let side = size * scale
    var pixels = [UInt8](repeating: 0, count: side * side * 3)
    for row in 0..<side {
      for column in 0..<side {
        let from = 3 * (row / scale * size + column / scale)
        for channel in 0..<3 {
          pixels[3 * (row * side + column) + channel] = UInt8((255 * min(max(colors[from + channel], 0), 1)).rounded())
        }
      }
    }
    return Image(width: side, height: side, pixels: pixels)
  }

  /// The picture at about 160 pixels, for pages.
  var panel: Image { image(scale: max(1, 160 / size)) }
}
