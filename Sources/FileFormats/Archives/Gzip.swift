import CZlib
import Compute
import Foundation

/// Unpacking of gzip data (RFC 1952, zlib).
public enum Gzip {
  /// The unpacked bytes of one or more gzip members.
  ///
  /// - Parameters:
  ///   - source: What to call the data in errors.
  ///   - limit: The largest size that is unpacked, in bytes.
  /// - Throws: `ComputeError` `.data` when the data are not gzip, cut short, damaged, or unpack to more than
  ///   `limit` bytes.
  public static func decompress(_ data: Data, source: String, atMost limit: Int = 1 << 30) throws -> Data {
    func broken(_ why: String) -> ComputeError {
      ComputeError(
        .data, what: "\(source): cannot be unpacked", why: why, mend: "fetch the file again and compare its checksum")
    }
    var stream = z_stream()
    // 15 window bits, the largest; 16 more ask for a gzip header and checksum.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ComputeError(
        .system, what: "\(source): zlib cannot start", why: "no memory, or another zlib than at build time",
        mend: "free memory, or build again on this machine")
    }
    defer { inflateEnd(&stream) }
    guard data.count <= Int(UInt32.max) else { throw broken("more than 4 GiB of gzip data") }

    var unpacked = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var status = Z_OK
    try data.withUnsafeBytes { (input: UnsafeRawBufferPointer) in
      stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
      stream.avail_in = UInt32(input.count)
      repeat {
        if status == Z_STREAM_END { inflateReset(&stream) }
        let capacity = chunk.count
        let produced = chunk.withUnsafeMutableBufferPointer { output in
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(capacity)
          status = inflate(&stream, Z_NO_FLUSH)
          return capacity - Int(stream.avail_out)
        }
        unpacked.append(contentsOf: chunk[..<produced])
        guard unpacked.count <= limit else { throw broken("it unpacks to more than \(limit) bytes") }
        guard status == Z_OK || status == Z_STREAM_END else {
          throw broken(status == Z_BUF_ERROR ? "it is cut short" : "it is damaged or not gzip")
        }
      } while status != Z_STREAM_END || stream.avail_in > 0
    }
    return unpacked
  }
}
