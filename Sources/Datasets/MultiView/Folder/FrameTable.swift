import Compute
import FileFormats
import Foundation

/// A text file of one frame per line: its number, then values, set apart by commas. The first line may hold titles.
struct FrameTable {
  /// In the file's order; none twice.
  private(set) var frames: [Int] = []
  /// `[frames, columns]`.
  private(set) var values: [Double] = []

  /// - Parameter columns: what the values are called, after the frame.
  /// - Throws: `ComputeError` as `InputFile.read(_:)`; `.data` with the line of the first fault: not that many numbers, one
  ///   that is not finite, a frame that is no whole number or comes twice.
  init(contentsOf url: URL, columns: [String]) throws {
    try self.init(parsing: try InputFile.read(url), source: url.path, columns: columns)
  }

  init(parsing data: Data, source: String, columns: [String]) throws {
    var seen: Set<Int> = []
    // A zero at the end stops every search for digits; a mark of byte order in front says nothing.
    let bytes = [UInt8](data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data) + [0]
    try bytes.withUnsafeBufferPointer { bytes in
      let end = bytes.count - 1
      var (at, line) = (0, 0)
      while at < end {
        line += 1
        func fault(_ what: String) -> ComputeError {
          let names = columns.count > 8 ? columns.prefix(3) + ["..."] + columns.suffix(1) : columns[...]
          return ComputeError(
            .data, what: "\(source), line \(line): \(what)",
            why: "a line holds \(columns.count + 1) numbers: frame" + names.map { ", " + $0 }.joined(),
            mend: "correct the line, or take it out")
        }
        let start = at
        while at < end, bytes[at] != UInt8(ascii: "\n") { at += 1 }
        let stop = at
        at += 1
        func skipBlanks(_ place: inout Int) {
          while place < stop, bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D { place += 1 }
        }
        var place = start
        skipBlanks(&place)
        if place == stop { continue }
        var row: [Double] = []
        var isWhole = false
        while true {
          skipBlanks(&place)
          guard place < stop, let number = Self.number(bytes, &place) else { break }
          row.append(number)
          skipBlanks(&place)
          isWhole = place == stop
          guard place < stop, bytes[place] == UInt8(ascii: ",") else { break }
          place += 1
        }
        // Titles begin with a word.
        if line == 1 && row.isEmpty { continue }
        guard isWhole, row.count == columns.count + 1 else {
          throw fault("not \(columns.count + 1) numbers with commas between them")
        }
        guard row.allSatisfy(\.isFinite) else { throw fault("a number is not finite") }
        guard let frame = Int(exactly: row[0]), frame >= 0 else { throw fault("\(row[0]) is not a frame's number") }
        guard seen.insert(frame).inserted else { throw fault("frame \(frame) comes twice") }
        frames.append(frame)
        values += row.dropFirst()
      }
    }
  }

  private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Double? {
    guard let base = bytes.baseAddress else { return nil }
    return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { text in
      var end: UnsafeMutablePointer<CChar>?
      let value = strtod(text + place, &end)
      guard let end, end > UnsafeMutablePointer(mutating: text + place) else { return nil }
      place = UnsafePointer(end) - text
      return value
    }
  }
}
