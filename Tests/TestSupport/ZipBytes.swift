import Foundation

/// The bytes of a zip archive whose entries are stored as they are, or claim what is not so.
public struct ZipBytes {
  private var body = Data()
  private var directory = Data()
  private var count = 0

  public init() {}

  /// - Parameter claim: the unpacked size that the archive states; what is stored then calls itself deflated.
  public mutating func add(_ name: String, _ bytes: Data, claiming claim: Int? = nil) {
    let start = body.count
    let name = Data(name.utf8)
    let common = joined(
      u16(20), u16(0), u16(claim == nil ? 0 : 8), u16(0), u16(0x21), u32(Int(crc(bytes))), u32(bytes.count),
      u32(claim ?? bytes.count), u16(name.count), u16(0))
    body += joined(u32(0x0403_4B50), common, name, bytes)
    directory += joined(
      u32(0x0201_4B50), u16(20), common, u16(0), u16(0), u16(0), u32(0), u32(start), name)
    count += 1
  }

  public var data: Data {
    joined(
      body, directory, u32(0x0605_4B50), u16(0), u16(0), u16(count), u16(count), u32(directory.count),
      u32(body.count), u16(0))
  }

  private func joined(_ pieces: Data...) -> Data { pieces.reduce(into: Data()) { $0.append($1) } }

  private func u16(_ value: Int) -> Data { withUnsafeBytes(of: UInt16(value).littleEndian) { Data($0) } }
  private func u32(_ value: Int) -> Data { withUnsafeBytes(of: UInt32(value).littleEndian) { Data($0) } }

  private func crc(_ bytes: Data) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}
