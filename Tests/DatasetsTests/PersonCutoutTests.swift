import FileFormats
import Foundation
import Geometry
import TestSupport
import Testing

@testable import Datasets

/// Background, mask, box and crop, each against a plain way to find the same.
@Suite struct PersonCutoutTests {
  private func noise(_ width: Int, _ height: Int, stream: UInt64) -> Image {
    var random = PhiloxGenerator(seed: 3, stream: stream)
    return Image(
      width: width, height: height, pixels: (0..<width * height * 3).map { _ in UInt8(random.index(below: 256)) })
  }

  private func mask(_ width: Int, _ height: Int, _ isPerson: (Int, Int) -> Bool) -> PersonMask {
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width { pixels += [UInt8](repeating: isPerson(x, y) ? 1 : 0, count: 3) }
    }
    return PersonMask(drawn: Image(width: width, height: height, pixels: pixels))
  }

  // MARK: Median

  /// The lower median of sorted values, also of an even number and of the most pictures there can be.
  @Test(arguments: [1, 2, 3, 4, 15, 200, 255]) func medianIsTheMiddleOfSortedValues(count: Int) throws {
    var random = PhiloxGenerator(seed: 1, stream: UInt64(count))
    // Few distinct values in some places, so that equals are counted; all of 0...255 in others.
    let pictures = (0..<count).map { _ in
      Image(
        width: 5, height: 3,
        pixels: (0..<45).map { UInt8($0 % 2 == 0 ? 118 + random.index(below: 4) : random.index(below: 256)) })
    }
    let median = try MedianPicture.make(of: count) { pictures[$0] }
    for place in 0..<45 {
      #expect(median.pixels[place] == pictures.map { $0.pixels[place] }.sorted()[(count - 1) / 2])
    }
    #expect((median.width, median.height) == (5, 3))
  }

  @Test func atMostTwoHundredPicturesAreTaken() {
    #expect(MedianPicture.chosen(of: 3) == [0, 1, 2] && MedianPicture.chosen(of: 200) == Array(0..<200))
    let chosen = MedianPicture.chosen(of: 1000)
    #expect(chosen.count == 200 && chosen[0] == 0 && chosen[199] == 995)
    #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $1 - $0 == 5 })
    #expect(Set(MedianPicture.chosen(of: 201)).count == 200)
  }

  // MARK: Mask

  @Test func pixelsFartherThanThirtyAreThePerson() {
    let background = Image(width: 6, height: 1, pixels: [UInt8](repeating: 100, count: 18))
    let picture = Image(
      width: 6, height: 1,
      pixels: [130, 100, 100, 131, 100, 100, 118, 124, 100, 118, 124, 101, 70, 100, 100, 100, 100, 69])
    let found = PersonMask(of: picture, background: background)
    #expect(found.pixels == [0, 1, 0, 1, 0, 1])
    #expect(PersonMask(drawn: found.picture) == found)
    #expect(mask(3, 2) { x, y in x == 2 && y == 1 }.pixels == [0, 0, 0, 0, 0, 1])
    let faint = Image(width: 2, height: 1, format: .rgba, pixels: [0, 0, 0, 255, 0, 1, 0, 255])
    #expect(PersonMask(drawn: faint).pixels == [0, 1])
  }

  // MARK: Box

  /// As the specification has it: sorted columns and rows, nearest ranks.
  private func box(sorting mask: PersonMask) -> PersonBox {
    let places = mask.pixels.indices.filter { mask.pixels[$0] == 1 }
    let (xs, ys) = (places.map { $0 % mask.width }.sorted(), places.map { $0 / mask.width }.sorted())
    func ends(_ values: [Int]) -> (Double, Double) {
      let last = Double(values.count - 1)
      return (Double(values[Int(floor(0.02 * last))]), Double(values[Int(ceil(0.98 * last))] + 1))
    }
    let (x, y) = (ends(xs), ends(ys))
    return PersonBox(
      centre: SIMD2((x.0 + x.1) / 2, (y.0 + y.1) / 2), side: 1.25 * max(x.1 - x.0, y.1 - y.0))
  }

  @Test(arguments: [0.001, 0.02, 0.3, 0.9]) func boxesHoldAllButSpecks(density: Double) {
    for seed in 0..<20 {
      var random = PhiloxGenerator(seed: UInt64(seed), stream: 4)
      let person = mask(31, 23) { x, y in (x > 20 && y < 15) || random.uniform() < density }
      #expect(PersonBox(around: person) == box(sorting: person))
    }
  }

  @Test func boxesOfFewPixels() {
    #expect(
      PersonBox(around: mask(9, 7) { x, y in x == 3 && y == 2 }) == PersonBox(centre: SIMD2(3.5, 2.5), side: 1.25))
    #expect(
      PersonBox(around: mask(9, 7) { x, y in x >= 2 && x < 6 && y == 6 }) == PersonBox(centre: SIMD2(4, 6.5), side: 5))
    // Nobody: the largest square in the middle.
    #expect(PersonBox(around: mask(9, 6) { _, _ in false }) == PersonBox(centre: SIMD2(4.5, 3), side: 6))
  }

  // MARK: Crop

  /// A cut-out in Double, pixel by pixel, from a picture in which everything but the person has been replaced.
  private func plainCut(
    _ picture: Image, _ mask: PersonMask, backdrop: Image?, box: PersonBox, _ change: PictureAugmentation, size: Int
  ) -> [Double] {
    func pixel(_ x: Int, _ y: Int, _ channel: Int) -> (color: Double, share: Double) {
      guard x >= 0, y >= 0, x < picture.width, y < picture.height else { return (0, 0) }
      if mask.pixels[y * mask.width + x] == 1 {
        return (Double(picture.pixels[3 * (y * picture.width + x) + channel]) / 255, 1)
      }
      guard let backdrop, x < backdrop.width, y < backdrop.height else { return (0, 0) }
      return (Double(backdrop.pixels[3 * (y * backdrop.width + x) + channel]) / 255, 0)
    }
    var colors: [Double] = []
    for row in 0..<size {
      for column in 0..<size {
        let place = change.isMirrored ? size - 1 - column : column
        let u = ((Double(place) + 0.5) / Double(size) - 0.5) * box.side * change.scale
        let v = ((Double(row) + 0.5) / Double(size) - 0.5) * box.side * change.scale
        let x = box.centre.x + change.shift.x * box.side + u * cos(change.rotation) + v * sin(change.rotation) - 0.5
        let y = box.centre.y + change.shift.y * box.side - u * sin(change.rotation) + v * cos(change.rotation) - 0.5
        let (left, top) = (Int(floor(x)), Int(floor(y)))
        var (person, rest, share) = ([0.0, 0, 0], [0.0, 0, 0], 0.0)
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
          let weight = (1 - abs(x - Double(left + dx))) * (1 - abs(y - Double(top + dy)))
          for channel in 0..<3 {
            let (color, isPerson) = pixel(left + dx, top + dy, channel)
            person[channel] += weight * color * isPerson
            rest[channel] += weight * color * (1 - isPerson)
            if channel == 0 { share += weight * isPerson }
          }
        }
        // Colours of the person alone, then laid over again by its share.
        if share > 0 {
          var color = person.map { $0 / share }
          func brighten() { color = color.map { min(1, max(0, $0 + change.brightness)) } }
          func saturate() {
            let grey = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
            color = color.map { min(1, max(0, grey + change.saturation * ($0 - grey))) }
          }
          if change.brightensFirst { brighten() }
          saturate()
          if !change.brightensFirst { brighten() }
          person = color.map { $0 * share }
        }
        colors += zip(person, rest).map { $0 + $1 }
      }
    }
    return colors
  }

  @Test(arguments: 0..<24) func cutsEqualThePlainWay(seed: Int) {
    var random = PhiloxGenerator(seed: UInt64(seed), stream: 5)
    let picture = noise(37, 29, stream: UInt64(seed))
    let person = mask(37, 29) { _, _ in random.uniform() < 0.6 }
    var change = PictureAugmentation(.singleView, from: &random)
    change.isMirrored = seed % 2 == 1
    // Within the picture, across its edges, and larger than it.
    let box = PersonBox(
      centre: SIMD2(random.uniform(in: -5...42), random.uniform(in: -5...34)), side: random.uniform(in: 3...60))
    let backdrop: Image? = [nil, picture, noise(20, 40, stream: 99)][seed % 3]
    let cut = PictureCrop(box: box, change: change).cut(picture, person, backdrop: backdrop, size: 16)
    let plain = plainCut(picture, person, backdrop: backdrop, box: box, change, size: 16)
    for (a, b) in zip(cut.colors, plain) { #expect(abs(Double(a) - b) < 2e-6) }
    #expect(cut.size == 16 && cut.colors.contains { $0 > 0.05 } == plain.contains { $0 > 0.05 })
  }

  /// Whole, at its own size, a picture comes out as it is; half as large, as the mean of its neighbours.
  @Test func plainSizesAreExact() {
    let picture = noise(8, 8, stream: 1)
    let all = mask(8, 8) { _, _ in true }
    let crop = PictureCrop(box: PersonBox(centre: SIMD2(4, 4), side: 8), change: .none)
    let same = crop.cut(picture, all, backdrop: nil, size: 8).colors
    for (a, b) in zip(same, picture.pixels) { #expect(abs(a - Float(b) / 255) < 1e-6) }
    let half = crop.cut(picture, all, backdrop: nil, size: 4).colors
    func value(_ x: Int, _ y: Int) -> Float { Float(picture.pixels[3 * (y * 8 + x) + 1]) / 255 }
    let mean = (value(2, 4) + value(3, 4) + value(2, 5) + value(3, 5)) / 4
    #expect(abs(half[3 * (2 * 4 + 1) + 1] - mean) < 1e-6)
    // Outside it is black.
    let far = PictureCrop(box: PersonBox(centre: SIMD2(1e12, -400), side: 8), change: .none)
    #expect(far.cut(picture, all, backdrop: nil, size: 4).colors.allSatisfy { $0 == 0 })
  }

  /// One bright pixel right of the centre: turned clockwise it stands below, mirrored on the left, and the square moved to
  /// the right shows it farther left.
  @Test func changesGoTheRightWay() {
    var picture = Image(width: 9, height: 9, pixels: [UInt8](repeating: 0, count: 243))
    for channel in 0..<3 { picture.pixels[3 * (4 * 9 + 6) + channel] = 255 }
    let all = mask(9, 9) { _, _ in true }
    func brightest(_ edit: (inout PictureAugmentation) -> Void) -> SIMD2<Int> {
      var change = PictureAugmentation.none
      edit(&change)
      let colors = PictureCrop(box: PersonBox(centre: SIMD2(4.5, 4.5), side: 9), change: change)
        .cut(picture, all, backdrop: nil, size: 9).colors
      let place = (0..<81).max { colors[3 * $0] < colors[3 * $1] } ?? 0
      return SIMD2(place % 9, place / 9)
    }
    #expect(brightest { _ in } == SIMD2(6, 4))
    #expect(brightest { $0.rotation = .pi / 2 } == SIMD2(4, 6))
    #expect(brightest { $0.isMirrored = true } == SIMD2(2, 4))
    #expect(brightest { $0.shift = SIMD2(2.0 / 9, -1.0 / 9) } == SIMD2(4, 5))
    #expect(brightest { $0.scale = 2 } == SIMD2(5, 4))
  }

  /// However bright the person becomes, removed background stays black.
  @Test func blackStaysBlack() {
    let picture = noise(8, 8, stream: 2)
    let person = mask(8, 8) { x, _ in x < 4 }
    var change = PictureAugmentation.none
    (change.brightness, change.saturation) = (0.9, 1.5)
    let colors = PictureCrop(box: PersonBox(centre: SIMD2(4, 4), side: 8), change: change)
      .cut(picture, person, backdrop: nil, size: 8).colors
    for pixel in 0..<64 {
      let color = colors[3 * pixel..<3 * pixel + 3]
      #expect(pixel % 8 < 4 ? color.allSatisfy { $0 > 0.3 && $0 <= 1 } : color.allSatisfy { $0 == 0 })
    }
  }

  // MARK: Differences

  @Test func picturesDifferWhereBoxesAre() {
    func grey(_ value: UInt8, box: PersonBox) -> GreyPicture {
      GreyPicture(Image(width: 20, height: 10, pixels: [UInt8](repeating: value, count: 600)), box: box)
    }
    let inside = PersonBox(centre: SIMD2(8, 5), side: 4)
    #expect(abs(grey(50, box: inside).difference(from: grey(80, box: inside)) - 30) < 1e-3)
    #expect(grey(50, box: inside).difference(from: grey(50, box: inside)) == 0)
    // A change outside of both boxes does not count; one in the smallest rectangle around them does.
    var changed = Image(width: 20, height: 10, pixels: [UInt8](repeating: 50, count: 600))
    for y in 0..<10 { for channel in 0..<3 { changed.pixels[3 * (y * 20 + 17) + channel] = 250 } }
    let far = PersonBox(centre: SIMD2(18, 5), side: 2)
    #expect(GreyPicture(changed, box: inside).difference(from: grey(50, box: inside)) == 0)
    #expect(GreyPicture(changed, box: inside).difference(from: grey(50, box: far)) > 10)
  }
}
