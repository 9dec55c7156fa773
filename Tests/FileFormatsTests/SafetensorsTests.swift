import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct SafetensorsTests {
  /// The header below is what Python's json.dumps writes for these tensors, sorted by item size and name.
  @Test func bytesFollowTheReproducibleLayout() throws {
    let file = Safetensors(
      metadata: ["model": "pose2mesh", "config": #"{"name": "Zoë"}"#],
      tensors: [
        "b": HostTensor([Float(1), 2, 3, 4], shape: [2, 2]), "index": HostTensor([Int32(7)], shape: []),
        "a": HostTensor([Float](), shape: [0, 3]), "long": HostTensor([Int64(-1)]),
      ])
    let header =
      #"{"__metadata__":{"model":"pose2mesh","config":"{\"name\": \"Zo\u00eb\"}"},"#
      + #""long":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
      + #""a":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},"#
      + #""b":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},"#
      + #""index":{"dtype":"I32","shape":[],"data_offsets":[24,28]}}"#
    let bytes = file.encoded
    let padded = (header.utf8.count + 7) / 8 * 8
    #expect(bytes.prefix(8) == Data([UInt8(padded & 255), UInt8(padded >> 8), 0, 0, 0, 0, 0, 0]))
    #expect(
      String(decoding: bytes[8..<8 + padded], as: UTF8.self)
        == header + String(repeating: " ", count: padded - header.utf8.count))
    #expect(
      bytes[(8 + padded)...].elementsEqual(
        [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 64, 64, 0, 0, 128, 64, 7, 0, 0, 0]))
  }

  @Test func readingAndWritingAgainGivesTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("all.safetensors")
      var tensors = OrderedMap<HostTensor>()
      for type in StoredType.allCases {
        tensors["x.\(type.rawValue)"] = HostTensor(
          type, shape: [3, 1, 2], data: Data((0..<6 * type.byteCount).map { UInt8($0 * 5 % 256) }))
      }
      let written = Safetensors(metadata: ["z": "1", "a": "2"], tensors: tensors)
      try written.write(to: url)
      let read = try Safetensors(contentsOf: url)
      #expect(read.metadata.keys == ["z", "a"])
      #expect(read.encoded == written.encoded)
      for (name, tensor) in tensors { #expect(read.tensors[name] == tensor) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["all.safetensors"])
    }
  }

  // MARK: Values

  @Test func everyStoredTypeConverts() throws {
    func tensor(_ type: StoredType, _ bytes: [UInt8]) -> HostTensor {
      HostTensor(type, shape: [bytes.count / type.byteCount], data: Data(bytes))
    }
    #expect(tensor(.bfloat16, [0x80, 0x3F, 0x20, 0xC0]).floats() == [1, -2.5])
    #expect(tensor(.float16, [0x00, 0x3C, 0x00, 0xC1]).doubles() == [1, -2.5])
    #expect(tensor(.int16, [0xFF, 0xFF, 0x00, 0x80]).floats() == [-1, -32768])
    #expect(try tensor(.int16, [0xFF, 0xFF, 0x00, 0x80]).int32s() == [-1, -32768])
    #expect(try tensor(.uint8, [0, 255]).int64s() == [0, 255])
    #expect(HostTensor([0.1, Double.pi]).doubles() == [0.1, Double.pi])
    #expect(HostTensor([0.1, Double.pi]).floats() == [Float(0.1), Float(Double.pi)])
    #expect(HostTensor([Int64(1) << 40]).doubles() == [0x1p40])
    #expect(try HostTensor([Int64(-5)]).int32s() == [-5])
    #expect(throws: ComputeError.self) { try HostTensor([Int64(1) << 31]).int32s() }
    #expect(throws: ComputeError.self) { try HostTensor([Float(1)]).int64s() }
  }

  @Test func slicesOfAFileReadFromTheirOwnStart() throws {
    let bytes = Safetensors(tensors: ["a": HostTensor([Double(1)]), "b": HostTensor([UInt8(9), 8, 7])]).encoded
    let shifted = (Data([0, 0, 0]) + bytes).dropFirst(3)
    let file = try Safetensors(parsing: shifted, source: "slice")
    #expect(try file.tensor("a").doubles() == [1])
    #expect(try file.tensor("b").int32s() == [9, 8, 7])
  }

  // MARK: Faults

  static let faults: [(header: String, body: Int, reason: String)] = [
    ("[]", 0, "not a JSON object"),
    (#"{"__metadata__":{"a":1}}"#, 0, "not a string"),
    (#"{"x":{"dtype":"F32","shape":[2]}}"#, 8, "data_offsets"),
    (#"{"x":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#, 8, "data_offsets"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "only 4 bytes"),
    (#"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "needs 12 bytes"),
    (#"{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "shape [-2]"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data_offsets [8, 0]"),
    (#"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "impossible"),
    (#"{"x":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8, "read here are"),
    (
      #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      12, "overlaps"
    ),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#, 12, "gap"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 9, "belong to no tensor"),
    (#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, 8, "',' or '}'"),
  ]

  @Test(arguments: faults)
  func malformedHeadersAreRefused(header: String, body: Int, reason: String) {
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    bytes.append(contentsOf: header.utf8)
    bytes.append(Data(count: body))
    let error = #expect(throws: ComputeError.self) { try Safetensors(parsing: bytes, source: "bad.safetensors") }
    #expect(error?.kind == .data)
    #expect(error?.what.contains("bad.safetensors") == true)
    #expect(error?.why.contains(reason) == true, "\(error?.why ?? "")")
  }

  @Test func everyTruncationIsRefused() {
    let bytes = Safetensors(metadata: ["a": "b"], tensors: ["x": HostTensor([Float(1), 2])]).encoded
    for length in 0..<bytes.count {
      #expect(throws: ComputeError.self) { try Safetensors(parsing: bytes.prefix(length), source: "cut") }
    }
  }

  @Test func anAbsurdHeaderLengthIsRefused() {
    let error = #expect(throws: ComputeError.self) {
      try Safetensors(parsing: Data(repeating: 0xFF, count: 64), source: "noise")
    }
    #expect(error?.why.contains("most the format allows") == true)
  }

  @Test func missingTensorsAndWrongShapesAreNamed() throws {
    let file = Safetensors(tensors: ["x": HostTensor([Float(1), 2], shape: [1, 2])], source: "f")
    #expect(try file.tensor("x", shape: [nil, 2]).floats() == [1, 2])
    #expect(throws: ComputeError.self) { try file.tensor("x", shape: [2]) }
    let wrong = #expect(throws: ComputeError.self) { try file.tensor("x", shape: [nil, 3]) }
    #expect(wrong?.why == "[any, 3] is needed here")
    let missing = #expect(throws: ComputeError.self) { try file.tensor("y") }
    #expect(missing?.what == "f: no tensor \"y\"")
  }
}
