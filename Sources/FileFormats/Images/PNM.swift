import Compute
import Foundation

/// Binary PPM and PGM pictures (netpbm's P6 and P5) of 8 bits per sample: the plainest form a program can write.
///
/// A file is "P6" or "P5", then width, height and the largest sample as decimal numbers set apart by white space (`#`
/// begins a comment to the end of the line), one white-space byte, and the samples, rows from the top.
public enum PNM {
  /// Decodes the bytes of a file to RGB; grey becomes three equal channels. Samples are scaled so that the largest is 255.
  ///
  /// - Parameters:
  ///   - source: What to call the file in errors.
  ///   - limit: The most pixels that are read.
  /// - Throws: `ComputeError` `.data` when the bytes are no such file, one of 16 bits, have too few or too many samples, or
  ///   more pixels than `limit`.
  public static func decode(_ data: Data, source: String, atMost limit: Int = 1 << 28) throws -> Image {
    func broken(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source): not a PPM or PGM picture that can be read", why: why,
        mend: "write it as binary PPM (P6) or PGM (P5) with samples of 8 bits")
    }
    return try data.withUnsafeBytes { bytes in
      guard bytes.count > 2, bytes[0] == UInt8(ascii: "P"),
        bytes[1] == UInt8(ascii: "5") || bytes[1] == UInt8(ascii: "6")
      else { throw broken("it begins with neither P5 nor P6") }
      let channels = bytes[1] == UInt8(ascii: "6") ? 3 : 1
      var at = 2
      var numbers: [Int] = []
      while numbers.count < 3 {
        guard let number = number(bytes, &at) else {
          throw broken("its header should give width, height and the largest sample as decimal numbers")
        }
        numbers.append(number)
      }
      let (width, height, largest) = (numbers[0], numbers[1], numbers[2])
      guard width > 0, height > 0 else { throw broken("it is \(width) x \(height) pixels") }
      guard (1...255).contains(largest) else { throw broken("its largest sample is \(largest), 255 is the most") }
      guard width <= limit, height <= limit / width else { throw PictureFile.tooLarge(width, height, limit, source) }
      guard at < bytes.count, isSpace(bytes[at]) else { throw broken("no white space ends its header") }
      let samples = UnsafeRawBufferPointer(rebasing: bytes[(at + 1)...])
      guard samples.count == width * height * channels else {
        throw broken("\(width) x \(height) pixels take \(width * height * channels) bytes, \(samples.count) follow")
      }
      var scaled = [UInt8](samples)
      if largest < 255 {
        for index in scaled.indices {
          guard scaled[index] <= largest else {
            throw broken("a sample is \(scaled[index]), above its largest, \(largest)")
          }
          scaled[index] = UInt8((Int(scaled[index]) * 255 + largest / 2) / largest)
        }
      }
      if channels == 3 { return Image(width: width, height: height, pixels: scaled) }
      var colors = [UInt8](repeating: 0, count: 3 * scaled.count)
      for (index, sample) in scaled.enumerated() {
        for channel in 0..<3 { colors[3 * index + channel] = sample }
      }
      return Image(width: width, height: height, pixels: colors)
    }
  }

  /// The next number of a header after white space and comments; nil when there is none below 10^9.
  private static func number(_ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> Int? {
    let start = at
    while at < bytes.count {
      if isSpace(bytes[at]) {
        at += 1
      } else if bytes[at] == UInt8(ascii: "#") {
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "\r") { at += 1 }
      } else {
        break
      }
    }
    guard at > start else { return nil }
    var (value, digits) = (0, 0)
    while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]), digits < 10 {
      value = value * 10 + Int(bytes[at] - UInt8(ascii: "0"))
      (at, digits) = (at + 1, digits + 1)
    }
    return (1...9).contains(digits) ? value : nil
  }

  /// Blank, tab, line feed, vertical tab, form feed, carriage return.
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
