/// Sizes at which kernels go wrong.
public enum Sizes {
  /// Nothing, one, primes, and one either side of a tile.
  public static let awkward = [0, 1, 3, 13, 15, 16, 17, 63, 64, 65, 127, 129]

  /// The same around larger tiles, for operations whose work grows with the size alone.
  public static let awkwardLong = awkward + [255, 257, 1023, 1025, 4099, 65_537]
}
