import Compute
import Foundation

/// Splits BVH text into words that know their line, and reads the grammar
/// `HIERARCHY ROOT joint MOTION Frames: n Frame Time: t` followed by the rows.
struct BVHParser {
  private struct Word {
    let text: String
    let line: Int
  }

  private let bytes: [UInt8]
  private let name: String
  private var position = 0
  private var line = 1
  private var joints: [BVHClip.Joint] = []
  private var channelCount = 0

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func clip() throws -> BVHClip {
    try expect("HIERARCHY")
    try expect("ROOT")
    try joint(parent: nil)
    try expect("MOTION")
    try expect("Frames:")
    let counted = try word("the number of frames")
    guard let frameCount = Int(counted.text), frameCount > 0 else {
      throw fault(
        counted.line, "\"\(counted.text)\" is not a number of frames", "a clip has at least one frame",
        "write the number of motion rows after Frames:")
    }
    try expect("Frame")
    try expect("Time:")
    let frameTime = try number("the frame time")
    guard frameTime > 0 else {
      throw fault(line, "the frame time is \(frameTime)", "time runs forward", "write the seconds per frame")
    }
    let values = try rows(frameCount)
    return BVHClip(
      name: name, joints: joints, channelCount: channelCount, frameCount: frameCount, frameTime: frameTime,
      values: values)
  }

  /// `name { OFFSET x y z CHANNELS n names (JOINT ... | End Site ...)* }`
  private mutating func joint(parent: Int?) throws {
    let title = try word("a joint name")
    guard !joints.contains(where: { $0.name == title.text }) else {
      throw fault(
        title.line, "joint \(title.text) occurs twice", "joints are found by their names", "rename one of the two")
    }
    try expect("{")
    try expect("OFFSET")
    let offset = try vector()
    try expect("CHANNELS")
    let channels = try self.channels(of: title.text)
    joints.append(
      BVHClip.Joint(
        name: title.text, parent: parent, offset: offset, channels: channels, firstChannel: channelCount,
        endSite: nil))
    channelCount += channels.count
    let index = joints.count - 1
    while true {
      let next = try word("JOINT, End Site or }")
      switch next.text.uppercased() {
      case "JOINT": try joint(parent: index)
      case "END":
        try expect("Site")
        try expect("{")
        try expect("OFFSET")
        joints[index].endSite = try vector()
        try expect("}")
      case "}": return
      default:
        throw fault(
          next.line, "found \"\(next.text)\" inside joint \(title.text)", "JOINT, End Site or } must stand there",
          "check the braces of the hierarchy")
      }
    }
  }

  private mutating func channels(of joint: String) throws -> [BVHClip.Channel] {
    let counted = try word("the number of channels")
    guard let count = Int(counted.text), (0...6).contains(count) else {
      throw fault(
        counted.line, "\"\(counted.text)\" is not a number of channels for \(joint)", "a joint has 0 to 6 channels",
        "write how many channel names follow")
    }
    return try (0..<count).map { _ in
      let next = try word("a channel name")
      switch next.text.uppercased() {
      case "XPOSITION": return .position(axis: 0)
      case "YPOSITION": return .position(axis: 1)
      case "ZPOSITION": return .position(axis: 2)
      case "XROTATION": return .rotation(axis: 0)
      case "YROTATION": return .rotation(axis: 1)
      case "ZROTATION": return .rotation(axis: 2)
      default:
        throw fault(
          next.line, "\"\(next.text)\" is not a channel of \(joint)",
          "channels are Xposition ... Zrotation, \(count) were announced",
          "make the number after CHANNELS agree with the names")
      }
    }
  }

  /// Reads exactly `frameCount` rows of `channelCount` numbers, one row per line.
  private mutating func rows(_ frameCount: Int) throws -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(frameCount * channelCount)
    var frame = 0
    skipSpace()
    while position < bytes.count {
      guard frame < frameCount else {
        throw fault(
          line, "more rows follow after the \(frameCount) frames announced", "the header and the motion must agree",
          "correct the number after Frames:")
      }
      let rowLine = line
      while position < bytes.count, line == rowLine {
        values.append(try number("channel \(values.count - frame * channelCount + 1) of frame \(frame + 1)"))
        skipSpace()
      }
      let count = values.count - frame * channelCount
      guard count == channelCount else {
        throw fault(
          rowLine, "frame \(frame + 1) has \(count) numbers, the joints have \(channelCount) channels",
          "each row gives every channel once", "check whether the row is cut off or the hierarchy was edited")
      }
      frame += 1
    }
    guard frame == frameCount else {
      throw fault(
        line, "the file ends after \(frame) of \(frameCount) frames", "the header and the motion must agree",
        "the file may be truncated: get it again, or correct the number after Frames:")
    }
    return values
  }

  // MARK: Words

  private mutating func skipSpace() {
    while position < bytes.count, bytes[position] <= 32 {
      if bytes[position] == 10 { line += 1 }
      position += 1
    }
  }

  private mutating func word(_ wanted: String) throws -> Word {
    skipSpace()
    let start = position
    while position < bytes.count, bytes[position] > 32 { position += 1 }
    guard position > start else {
      throw fault(
        line, "the file ends where \(wanted) should stand", "the clip is incomplete", "get the file again")
    }
    return Word(text: String(decoding: bytes[start..<position], as: UTF8.self), line: line)
  }

  private mutating func expect(_ keyword: String) throws {
    let found = try word(keyword)
    guard found.text.uppercased() == keyword.uppercased() else {
      throw fault(
        found.line, "found \"\(found.text)\" where \(keyword) should stand", "the text does not follow the BVH grammar",
        "check that this is a BVH file and that its hierarchy is complete")
    }
  }

  private mutating func number(_ wanted: String) throws -> Double {
    let found = try word(wanted)
    guard let value = Double(found.text), value.isFinite else {
      throw fault(
        found.line, "\"\(found.text)\" stands where \(wanted) should", "it is not a finite number",
        "remove the frame or repair the value")
    }
    return value
  }

  private mutating func vector() throws -> SIMD3<Double> {
    SIMD3(try number("an offset"), try number("an offset"), try number("an offset"))
  }

  private func fault(_ line: Int, _ what: String, _ why: String, _ mend: String) -> ComputeError {
    ComputeError(.data, what: "BVH \(name), line \(line): \(what)", why: why, mend: mend)
  }
}
