import Compute
import Foundation

/// A machine for pickles (Python's `pickletools` describes the instructions), cut down to what `torch.save` needs for
/// weights.
///
/// It has a stack, a memo and a heap, builds numbers, text and collections, and calls nothing: the few functions that
/// PyTorch names (`PickleMachine+Calls.swift`) are carried out here, by name. Time and memory are bounded by the pickle's
/// length.
struct PickleMachine {
  let source: String
  var heap = PickleHeap()
  private let code: Data
  private var at: Int
  private var stack: [PickleHeap.Reference] = []
  /// Heights of the stack at which marks stand.
  private var marks: [Int] = []
  private var memo: [Int: PickleHeap.Reference] = [:]

  init(_ code: Data, source: String) {
    self.code = code
    self.source = source
    at = code.startIndex
  }

  /// Runs the pickle.
  ///
  /// - Returns: The object it builds.
  /// - Throws: `ComputeError` `.data` for an unknown instruction, a name that is not known, or a pickle that ends early or
  ///   misuses its stack or memo.
  mutating func run() throws -> PickleHeap.Reference {
    while true {
      let place = at - code.startIndex
      let instruction = try byte()
      if instruction == UInt8(ascii: ".") { return try pop() }
      guard try collections(instruction) || literals(instruction) || memory(instruction) || calls(instruction) else {
        let digits = String(instruction, radix: 16, uppercase: true)
        throw ComputeError(
          .data, what: "\(source): its pickle has the instruction 0x\(digits) at byte \(place)",
          why: "weights need no such instruction, and only those that they need are carried out",
          mend: "save the weights alone: torch.save(model.state_dict(), \"weights.pth\")")
      }
    }
  }

  func malformed(_ why: String) -> ComputeError {
    ComputeError(
      .data, what: "\(source): its pickle is damaged at byte \(at - code.startIndex)", why: why,
      mend: "fetch or save the file again")
  }

  // MARK: - Numbers and text

  private mutating func literals(_ instruction: UInt8) throws -> Bool {
    switch instruction {
    case UInt8(ascii: "N"): push(.none)
    case 0x88: push(.bool(true))
    case 0x89: push(.bool(false))
    case UInt8(ascii: "K"): push(.integer(Int(try byte())))
    case UInt8(ascii: "M"): push(.integer(try length(bytes: 2)))
    case UInt8(ascii: "J"): push(.integer(Int(Int32(truncatingIfNeeded: try length(bytes: 4)))))
    case 0x8A: push(.integer(try longInteger()))
    case UInt8(ascii: "G"):
      push(.real(Double(bitPattern: try take(8).reduce(0) { $0 << 8 | UInt64($1) })))
    case UInt8(ascii: "X"):
      let count = try length(bytes: 4)
      push(.string(try text(count)))
    case 0x8C, UInt8(ascii: "U"):
      let count = try length(bytes: 1)
      push(.string(try text(count)))
    default: return false
    }
    return true
  }

  /// Two's complement, low byte first.
  private mutating func longInteger() throws -> Int {
    let count = try byte()
    let bytes = try take(Int(count))
    guard bytes.count <= 8 else { throw malformed("an integer has \(bytes.count) bytes, 8 are the most") }
    guard let last = bytes.last else { return 0 }
    let fill: UInt64 = last >= 0x80 ? .max : 0
    return Int(bitPattern: UInt(bytes.reversed().reduce(fill) { $0 << 8 | UInt64($1) }))
  }

  // MARK: - Collections

  private mutating func collections(_ instruction: UInt8) throws -> Bool {
    switch instruction {
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): push(.tuple([]))
    case UInt8(ascii: "]"): push(.list([]))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "t"): push(.tuple(try popToMark()))
    case 0x85...0x87:
      let elements = try (0x85...instruction).map { _ in try pop() }
      push(.tuple(elements.reversed()))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popToMark())
    case UInt8(ascii: "s"):
      let value = try pop()
      try insert([try pop(), value])
    case UInt8(ascii: "u"): try insert(try popToMark())
    default: return false
    }
    return true
  }

  private mutating func append(_ elements: [PickleHeap.Reference]) throws {
    let target = try top()
    guard case .list(var list) = heap[target] else { throw malformed("it appends to something that is no list") }
    // Emptied first, so that the list is not copied.
    heap[target] = .none
    list += elements
    heap[target] = .list(list)
  }

  private mutating func insert(_ items: [PickleHeap.Reference]) throws {
    let target = try top()
    guard case .dictionary(var members) = heap[target], items.count.isMultiple(of: 2) else {
      throw malformed("it sets an item of something that is no dictionary")
    }
    heap[target] = .none
    for index in stride(from: 0, to: items.count, by: 2) { members.append((items[index], items[index + 1])) }
    heap[target] = .dictionary(members)
  }

  // MARK: - Memo and frame

  private mutating func memory(_ instruction: UInt8) throws -> Bool {
    switch instruction {
    case 0x80:
      let version = try byte()
      guard (2...5).contains(version) else { throw malformed("it is a pickle of protocol \(version), read are 2 to 5") }
    case 0x95: _ = try take(8)  // a frame's length, which readers of streams need
    case 0x94: memo[memo.count] = try top()
    case UInt8(ascii: "q"): memo[Int(try byte())] = try top()
    case UInt8(ascii: "r"): memo[try length(bytes: 4)] = try top()
    case UInt8(ascii: "h"): try recall(Int(try byte()))
    case UInt8(ascii: "j"): try recall(try length(bytes: 4))
    default: return false
    }
    return true
  }

  private mutating func recall(_ number: Int) throws {
    guard let reference = memo[number] else { throw malformed("it recalls object \(number), which was never kept") }
    stack.append(reference)
  }

  // MARK: - Names and calls

  private mutating func calls(_ instruction: UInt8) throws -> Bool {
    switch instruction {
    case UInt8(ascii: "c"):
      let module = try line()
      push(.global(try known(module + "." + line())))
    case 0x93:
      let (name, module) = (try pop(), try pop())
      guard let name = heap.string(name), let module = heap.string(module) else { throw malformed("a name is no text") }
      push(.global(try known(module + "." + name)))
    case UInt8(ascii: "Q"):
      let identifier = try pop()
      push(.storage(try storage(identifier)))
    case UInt8(ascii: "R"):
      let arguments = try pop()
      let function = try pop()
      guard case .global(let name) = heap[function], let arguments = heap.tuple(arguments) else {
        throw malformed("it calls something that is no function")
      }
      push(try result(of: name, arguments))
    case UInt8(ascii: "b"):
      // Attributes of an OrderedDict: `_metadata` with version numbers of layers. They are left out.
      _ = try pop()
      let target = try top()
      guard case .dictionary = heap[target] else { throw malformed("it sets attributes of something that has none") }
    default: return false
    }
    return true
  }

  // MARK: - Stack

  private mutating func push(_ object: PickleHeap.Object) { stack.append(heap.add(object)) }

  private func top() throws -> PickleHeap.Reference {
    guard let last = stack.last, stack.count > marks.last ?? 0 else { throw malformed("its stack is empty") }
    return last
  }

  private mutating func pop() throws -> PickleHeap.Reference {
    let last = try top()
    stack.removeLast()
    return last
  }

  private mutating func popToMark() throws -> [PickleHeap.Reference] {
    guard let mark = marks.popLast() else { throw malformed("it has no mark on its stack") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  // MARK: - Bytes

  private mutating func take(_ count: Int) throws -> Data {
    guard count <= code.endIndex - at else { throw malformed("it ends early") }
    defer { at += count }
    return code[at..<at + count]
  }

  private mutating func byte() throws -> UInt8 {
    let bytes = try take(1)
    return bytes[bytes.startIndex]
  }

  /// An unsigned number, low byte first.
  private mutating func length(bytes count: Int) throws -> Int {
    try take(count).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func text(_ count: Int) throws -> String {
    guard let text = String(data: try take(count), encoding: .utf8) else { throw malformed("a text is not UTF-8") }
    return text
  }

  /// Up to a line feed.
  private mutating func line() throws -> String {
    guard let end = code[at...].firstIndex(of: UInt8(ascii: "\n")) else { throw malformed("it ends early") }
    let text = try text(end - at)
    at += 1
    return text
  }
}
