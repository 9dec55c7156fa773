import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct ArchiveTests {
  /// Made with Python's zipfile: a/plain.txt ("hello\n", stored), deflated.bin ("0123456789" 50 times), empty.
  static let zip =
    "UEsDBBQAAAAAAAAAIQAgMDo2BgAAAAYAAAALAAAAYS9wbGFpbi50eHRoZWxsbwpQSwMEFAAAAAgAAAAhALC3ilgRAAAA9AEAAAwAAABkZWZs"
    + "YXRlZC5iaW4zMDQyNjE1M7ewNBhljRAWAFBLAwQUAAAAAAAAACEAAAAAAAAAAAAAAAAABQAAAGVtcHR5UEsBAhQDFAAAAAAAAAAhACAwOjYG"
    + "AAAABgAAAAsAAAAAAAAAAAAAAIABAAAAAGEvcGxhaW4udHh0UEsBAhQDFAAAAAgAAAAhALC3ilgRAAAA9AEAAAwAAAAAAAAAAAAAAIABLwAA"
    + "AGRlZmxhdGVkLmJpblBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAAFAAAAAAAAAAAAAACAAWoAAABlbXB0eVBLBQYAAAAAAwADAKYAAACN"
    + "AAAAAAA="

  func withArchive(_ changed: Data? = nil, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let bytes = try changed ?? #require(Data(base64Encoded: Self.zip))
      let url = folder.appendingPathComponent("a.zip")
      try AtomicFile.write(bytes, to: url)
      try body(url)
    }
  }

  @Test func entriesAreListedAndRead() throws {
    try withArchive { url in
      let archive = try ZipArchive(contentsOf: url)
      #expect(archive.entries.map(\.name) == ["a/plain.txt", "deflated.bin", "empty"])
      #expect(archive.entries.map(\.byteCount) == [6, 500, 0])
      #expect(try archive.read("a/plain.txt") == Data("hello\n".utf8))
      #expect(try archive.read("deflated.bin") == Data(String(repeating: "0123456789", count: 50).utf8))
      #expect(try archive.read("empty").isEmpty)
    }
  }

  @Test func absentAndTooLargeEntriesAreRefused() throws {
    try withArchive { url in
      let archive = try ZipArchive(contentsOf: url)
      let absent = #expect(throws: ComputeError.self) { try archive.read("b") }
      #expect(absent?.kind == .data)
      let large = #expect(throws: ComputeError.self) { try archive.read("deflated.bin", atMost: 499) }
      #expect(large?.what.contains("500 bytes") == true)
      #expect(try archive.read("deflated.bin", atMost: 500).count == 500)
    }
  }

  @Test func damageIsFound() throws {
    // One letter of the stored entry changed: only the checksum can tell.
    var bytes = try #require(Data(base64Encoded: Self.zip))
    bytes[41] = UInt8(ascii: "j")
    try withArchive(bytes) { url in
      let error = #expect(throws: ComputeError.self) { try ZipArchive(contentsOf: url).read("a/plain.txt") }
      #expect(error?.kind == .data)
    }
    try withArchive(bytes.prefix(200)) { url in
      let error = #expect(throws: ComputeError.self) { try ZipArchive(contentsOf: url) }
      #expect(error?.kind == .data)
    }
    let missing = #expect(throws: ComputeError.self) { try ZipArchive(contentsOf: URL(fileURLWithPath: "/no/such")) }
    #expect(missing?.kind == .noInput)
  }

  /// gzip.compress(b"0 0.1 0.2\n" * 20, mtime=0) in Python.
  static let gzip = "H4sIAAAAAAACAzNQMNAzBGIjLoMhzQIAA2FWNcgAAAA="

  @Test func gzipUnpacks() throws {
    let bytes = try #require(Data(base64Encoded: Self.gzip))
    let text = Data(String(repeating: "0 0.1 0.2\n", count: 20).utf8)
    #expect(try Gzip.decompress(bytes, source: "t") == text)
    #expect(try Gzip.decompress(bytes + bytes, source: "two members") == text + text)
    #expect(throws: ComputeError.self) { try Gzip.decompress(bytes, source: "t", atMost: 199) }
    #expect(throws: ComputeError.self) { try Gzip.decompress(Data("plain".utf8), source: "t") }
    for length in 0..<bytes.count {
      let error = #expect(throws: ComputeError.self) { try Gzip.decompress(bytes.prefix(length), source: "t") }
      #expect(error?.kind == .data)
    }
    var damaged = bytes
    damaged[bytes.count - 6] ^= 1
    #expect(throws: ComputeError.self) { try Gzip.decompress(damaged, source: "t") }
  }

  /// The first three are the examples of FIPS 180-4; the lengths around 55 and 64 test the padding (values by sha256sum).
  @Test(arguments: [
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
    (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
    (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
  ])
  func sha256(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: Data(text.utf8)) == digest)
    #expect(SHA256.hexDigest(of: Data([7] + text.utf8).dropFirst()) == digest)
  }
}
