/// A JSON document (RFC 8259) that keeps the order of its keys and tells integers from reals.
///
/// Foundation's readers lose the key order, which carries the bone order of a rig file and the byte identity
/// of a safetensors header.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// A number without fraction or exponent that fits 64 bits.
  case integer(Int)
  /// Any other number, correctly rounded.
  case real(Double)
  case string(String)
  case array([JSONValue])
  case object(OrderedMap<JSONValue>)
}

// MARK: - Looking inside

extension JSONValue {
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: OrderedMap<JSONValue>? { if case .object(let value) = self { value } else { nil } }

  /// The value of an integer; `nil` for reals, also whole ones.
  public var int: Int? { if case .integer(let value) = self { value } else { nil } }

  /// The value of any number.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// The member `key` of an object; `nil` when there is none, or this is no object.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The elements as integers; `nil` when this is no array, or one of them is no integer.
  public var ints: [Int]? { array.flatMap { all($0.map(\.int)) } }

  /// The elements as numbers; `nil` when this is no array, or one of them is no number.
  public var doubles: [Double]? { array.flatMap { all($0.map(\.double)) } }

  /// The elements as strings; `nil` when this is no array, or one of them is no string.
  public var strings: [String]? { array.flatMap { all($0.map(\.string)) } }

  private func all<Value>(_ values: [Value?]) -> [Value]? {
    let present = values.compactMap { $0 }
    return present.count == values.count ? present : nil
  }
}

// MARK: - Literals

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .real(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var members = OrderedMap<JSONValue>()
    for (key, value) in elements { members[key] = value }
    self = .object(members)
  }
}
