/// A dictionary with string keys that remembers the order in which its keys came.
///
/// Rig files, safetensors headers and reports mean something by their order, which `Dictionary` loses.
public struct OrderedMap<Value> {
  /// The keys, in order of first insertion.
  public private(set) var keys: [String] = []
  private var table: [String: Value] = [:]

  public init() {}

  public var count: Int { keys.count }
  public var isEmpty: Bool { keys.isEmpty }

  /// The value of `key`. Setting a new key appends it; setting an old one keeps its place; `nil` removes it.
  public subscript(key: String) -> Value? {
    get { table[key] }
    set {
      guard let newValue else {
        if table.removeValue(forKey: key) != nil { keys.removeAll { $0 == key } }
        return
      }
      if table.updateValue(newValue, forKey: key) == nil { keys.append(key) }
    }
  }
}

extension OrderedMap: Sequence {
  /// Iterates over `(key, value)` pairs in order.
  public func makeIterator() -> AnyIterator<(key: String, value: Value)> {
    var rest = keys.makeIterator()
    return AnyIterator {
      guard let key = rest.next(), let value = table[key] else { return nil }
      return (key, value)
    }
  }
}

extension OrderedMap: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Value)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension OrderedMap: Sendable where Value: Sendable {}

extension OrderedMap: Equatable where Value: Equatable {}
