/// The keys that a settings value has, read from its stored properties.
struct ConfigurationKeys {
  /// Keys in the order of declaration, each a section or a value with a description of its kind.
  private indirect enum Entry {
    case section(ConfigurationKeys)
    case value(kind: String)
  }
  private var entries: [(name: String, entry: Entry)] = []

  init(of settings: Any) {
    for child in Mirror(reflecting: settings).children {
      guard let name = child.label else { continue }
      let isSection = Mirror(reflecting: child.value).displayStyle == .struct
      entries.append(
        (name, isSection ? .section(ConfigurationKeys(of: child.value)) : .value(kind: Self.kind(of: child.value))))
    }
  }

  var names: [String] { entries.map(\.name) }

  func contains(_ path: [String]) -> Bool { entry(at: path) != nil }

  /// The section at a path; the empty path is the whole.
  func section(at path: [String]) -> ConfigurationKeys? {
    if path.isEmpty { return self }
    guard case .section(let keys) = entry(at: path) else { return nil }
    return keys
  }

  /// "a whole number", "one of human36, coco": what the value at a path must be.
  func expectation(at path: [String]) -> String? {
    guard case .value(let kind) = entry(at: path) else { return nil }
    return kind
  }

  /// The known key that looks most like an unknown one.
  ///
  /// Names are compared in full and by their last part alone, so that a key in the wrong section finds its home.
  func nearest(to path: [String]) -> String? {
    let written = path.joined(separator: ".").lowercased()
    let last = (path.last ?? "").lowercased()
    return allPaths().map { candidate -> (name: String, distance: Int) in
      let name = candidate.joined(separator: ".")
      let moved = 1 + editDistance(last, candidate[candidate.count - 1].lowercased())
      return (name, min(editDistance(written, name.lowercased()), moved))
    }.min { $0.distance < $1.distance }?.name
  }

  private func entry(at path: [String]) -> Entry? {
    guard let first = path.first, let found = entries.first(where: { $0.name == first })?.entry else { return nil }
    if path.count == 1 { return found }
    guard case .section(let keys) = found else { return nil }
    return keys.entry(at: Array(path.dropFirst()))
  }

  private func allPaths() -> [[String]] {
    entries.flatMap { name, entry -> [[String]] in
      guard case .section(let keys) = entry else { return [[name]] }
      return [[name]] + keys.allPaths().map { [name] + $0 }
    }
  }

  private static func kind(of value: Any) -> String {
    switch value {
    case is Bool: return "true or false"
    case is any BinaryInteger: return "a whole number"
    case is any BinaryFloatingPoint: return "a number"
    case is String: return "text"
    case let optional as any OptionalValue: return optional.wrappedKind
    case let choice as any CaseIterable: return choices(of: choice)
    default: return Mirror(reflecting: value).displayStyle == .collection ? "a list" : "a \(type(of: value))"
    }
  }

  private static func choices<Choice: CaseIterable>(of _: Choice) -> String {
    let names = Choice.allCases.map { ($0 as? any RawRepresentable).map { "\($0.rawValue)" } ?? "\($0)" }
    return "one of " + names.joined(separator: ", ")
  }
}

/// Lets an empty optional say what it could hold.
private protocol OptionalValue { var wrappedKind: String { get } }
extension Optional: OptionalValue {
  fileprivate var wrappedKind: String {
    switch Wrapped.self {
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    default: "text"
    }
  }
}

/// The fewest insertions, deletions, replacements and exchanges of neighbours that turn `a` into `b`.
func editDistance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var rows = [Array(0...b.count)]
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
      row.append(best)
    }
    rows.append(row)
  }
  return rows[a.count][b.count]
}
