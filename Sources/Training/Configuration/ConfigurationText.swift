import FileFormats

/// The settings as YAML: every key with its value, in the order of declaration.
///
/// Numbers are written so that they read back to the same bits; a general encoder rounds them to 15 digits, and a
/// resumed run would then train at another learning rate.
public func configurationText<Settings: Encodable>(_ settings: Settings) -> String {
  section(settings, indent: "")
}

private func section(_ value: Any, indent: String) -> String {
  Mirror(reflecting: value).children.reduce(into: "") { text, child in
    guard let name = child.label else { return }
    if Mirror(reflecting: child.value).displayStyle == .struct {
      text += "\(indent)\(name):\n" + section(child.value, indent: indent + "  ")
    } else {
      text += "\(indent)\(name): \(scalar(child.value))\n"
    }
  }
}

/// A value on one line. Text is quoted as in JSON, which YAML reads alike.
private func scalar(_ value: Any) -> String {
  let mirror = Mirror(reflecting: value)
  switch (value, mirror.displayStyle) {
  case (let text as String, _): return JSONValue.string(text).text
  case (_, .optional?): return mirror.children.first.map { scalar($0.value) } ?? "null"
  case (_, .collection?): return "[" + mirror.children.map { scalar($0.value) }.joined(separator: ", ") + "]"
  case (let choice as any RawRepresentable, _): return scalar(choice.rawValue)
  default: return "\(value)"
  }
}
