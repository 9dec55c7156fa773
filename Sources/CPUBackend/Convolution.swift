import CPUShim
import Compute

// float32 runs on oneDNN where it is installed and takes the shape; everything else on the composition.
extension CPUDevice {
  public func convolution2D(
    _ x: TensorView, _ weight: TensorView, into y: TensorView, window: Window, epilogue: ConvolutionEpilogue?
  ) {
    orTrap(try convolution2DRule(x, weight, into: y, window: window, epilogue: epilogue))
    let cut = PictureCut(x, y, window)
    guard let compiled = compiled(.forward, cut) else {
      return composedConvolution2D(x, weight, into: y, window: window, epilogue: epilogue)
    }
    launch(
      "convolution2D", flop: cut.flop, reading: [x, weight] + (epilogue?.views ?? []), writing: [y]
    ) {
      // A residual that is y itself must not be overwritten before it is added.
      let isOverResidual = epilogue?.residual?.pointer == y.pointer
      let bytes = cut.bytesPerTile(y)
      withPacked(weight, compiled) { packed in
        runTiles(cut.tiles, scratchBytes: compiled.scratchBytes + (isOverResidual ? bytes : 0)) { tile, scratch in
          let to = cut.pointer(y, tile)
          let product = isOverResidual ? (scratch + compiled.scratchBytes).assumingMemoryBound(to: Float.self) : to
          compiled.run(x: cut.pointer(x, tile), packed: packed, y: product, scratch)
          epilogue?.apply(to: product, into: to, bytes: bytes, y, offset: cut.offset(y, tile))
        }
      }
    }
  }

  public func convolution2DDataGradient(
    _ dy: TensorView, _ weight: TensorView, into dx: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(dx, weight, into: dy, window: window))
    let cut = PictureCut(dx, dy, window)
    guard let compiled = compiled(.data, cut) else {
      return composedConvolution2DDataGradient(dy, weight, into: dx, window: window, beta: beta)
    }
    launch("convolution2D.data", flop: cut.flop, reading: [dy, weight], writing: [dx]) {
      let bytes = cut.bytesPerTile(dx)
      withPacked(weight, compiled) { packed in
        // The library overwrites: what is added to goes by way of the worker's scratch memory.
        runTiles(cut.tiles, scratchBytes: compiled.scratchBytes + (beta == 0 ? 0 : bytes)) { tile, scratch in
          let (from, to) = (cut.pointer(dy, tile), cut.pointer(dx, tile))
          guard beta != 0 else { return compiled.run(x: to, packed: packed, y: from, scratch) }
          let part = (scratch + compiled.scratchBytes).assumingMemoryBound(to: Float.self)
          compiled.run(x: part, packed: packed, y: from, scratch)
          let count = Int64(bytes / MemoryLayout<Float>.stride)
          cpu_add_parts_float(part, 1, count, 0, count, beta, to)
        }
      }
    }
  }

  public func convolution2DFilterGradient(
    _ x: TensorView, _ dy: TensorView, into dWeight: TensorView, window: Window, beta: Double
  ) {
    orTrap(try convolution2DRule(x, dWeight, into: dy, window: window))
    let cut = PictureCut(x, dy, window, sumsInto: dWeight.elementCount)
    guard let compiled = compiled(.filter, cut) else {
      return composedConvolution2DFilterGradient(x, dy, into: dWeight, window: window, beta: beta)
    }
    launch("convolution2D.filter", flop: cut.flop, reading: [x, dy], writing: [dWeight]) {
      let count = compiled.packedBytes / MemoryLayout<Float>.stride
      withScratch((cut.tiles + 1) * compiled.packedBytes) { memory in
        let parts = memory.assumingMemoryBound(to: Float.self)
        let sum = parts + cut.tiles * count
        runTiles(cut.tiles, scratchBytes: compiled.scratchBytes) { tile, scratch in
          compiled.run(x: cut.pointer(x, tile), packed: parts + tile * count, y: cut.pointer(dy, tile), scratch)
        }
        // Each part is one tile's pictures; they are added up in order, in Double.
        let perTile = Int(CPU_TILE)
        func addParts(beta: Double, into total: UnsafeMutablePointer<Float>) {
          workers.run((count + perTile - 1) / perTile) { tile, _ in
            cpu_add_parts_float(
              parts, Int64(cut.tiles), Int64(count), Int64(tile * perTile), Int64(min((tile + 1) * perTile, count)),
              beta, total)
          }
        }
        let result = dWeight.pointer.assumingMemoryBound(to: Float.self)
        addParts(beta: 0, into: sum)
        guard beta != 0 else { return compiled.unpack(sum, to: result) }
        compiled.unpack(sum, to: parts)
        cpu_add_parts_float(parts, 1, Int64(dWeight.elementCount), 0, Int64(dWeight.elementCount), beta, result)
      }
    }
  }

  /// nil where the composition is to compute it.
  private func compiled(_ kind: ConvolutionKind, _ cut: PictureCut) -> CompiledConvolution? {
    guard !cut.isEmpty, cut.elementType == .float32, !cut.shape.overrunsScratch, !kind.isFasterComposed(cut.shape)
    else { return nil }
    return convolutions.convolution(kind, cut.shape)
  }

  /// Lends the weight in the order that the algorithm wants.
  private func withPacked(
    _ weight: TensorView, _ compiled: CompiledConvolution, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    withScratch(compiled.packedBytes) { memory in
      let packed = memory.assumingMemoryBound(to: Float.self)
      compiled.pack(weight.pointer.assumingMemoryBound(to: Float.self), into: packed)
      body(packed)
    }
  }
}

extension ConvolutionKind {
  /// Whether products of unfolded windows win against oneDNN 2.6, as measured on two cores with AVX2, batch 64:
  /// - on pictures of few pixels, where its tiles are mostly empty (256 channels on 2 x 2: 12 of 26 ms, all three ways);
  /// - with wide steps, where windows repeat few pixels (64 to 512 channels: forward 2 to 5 of 20 ms, filter 1 to 6);
  /// - with large weights on small pictures (512 channels on 4 x 4: forward 5 of 34 ms, filter 23 of 68).
  fileprivate func isFasterComposed(_ shape: cpu_convolution_shape) -> Bool {
    guard shape.size > 1 else { return false }
    if shape.output_height * shape.output_width <= 4 { return true }
    return self != .data && (shape.stride > 1 && shape.inputs >= 64 || shape.inputs * shape.outputs >= 1 << 18)
  }
}

/// How a batch of pictures is cut into tiles of equally many, by its shape alone.
private struct PictureCut {
  let picturesPerTile, tiles: Int
  let flop: Int
  let isEmpty: Bool
  let elementType: ElementType
  /// Of one tile.
  let shape: cpu_convolution_shape

  /// Multiply-adds of one tile, at least: a tenth of a millisecond of one core.
  private static let tileWork = 1 << 22
  /// Pixels that share one reading of the weight, at least.
  private static let tilePixels = 256
  /// Elements of all partial sums of a filter gradient together, at most.
  private static let mostPartials = 1 << 23
  private static let mostParts = 16

  /// - Parameter weights: for a filter gradient, how many elements each tile's own sum has.
  init(_ x: TensorView, _ y: TensorView, _ window: Window, sumsInto weights: Int? = nil) {
    let batch = x.shape[0]
    let pixels = y.shape[1] * y.shape[2]
    let work = pixels * y.shape[3] * x.shape[3] * window.size * window.size
    flop = 2 * batch * work
    isEmpty = batch * work == 0
    elementType = x.elementType
    var least = max(Self.tileWork / max(work, 1), Self.tilePixels / max(pixels, 1), 1)
    if let weights {
      let parts = min(max(Self.mostPartials / max(weights, 1), 1), Self.mostParts)
      least = max(least, (batch + parts - 1) / parts)
    }
    // One compiled shape serves all tiles, so their number divides the batch.
    let size = (min(least, max(batch, 1))...max(batch, 1)).first { batch.isMultiple(of: $0) } ?? batch
    picturesPerTile = max(size, 1)
    tiles = batch / picturesPerTile
    shape = cpu_convolution_shape(
      batch: Int64(picturesPerTile), height: Int64(x.shape[1]), width: Int64(x.shape[2]), inputs: Int64(x.shape[3]),
      output_height: Int64(y.shape[1]), output_width: Int64(y.shape[2]), outputs: Int64(y.shape[3]),
      size: Int64(window.size), stride: Int64(window.stride), padding: Int64(window.padding))
  }

  /// Elements before the tile's first picture.
  func offset(_ pictures: TensorView, _ tile: Int) -> Int {
    tile * picturesPerTile * pictures.shape[1...].reduce(1, *)
  }

  func bytesPerTile(_ pictures: TensorView) -> Int { offset(pictures, 1) * MemoryLayout<Float>.stride }

  func pointer(_ pictures: TensorView, _ tile: Int) -> UnsafeMutablePointer<Float> {
    pictures.pointer.assumingMemoryBound(to: Float.self) + offset(pictures, tile)
  }
}

extension cpu_convolution_shape {
  /// Whether oneDNN 2.6 would write beyond its scratch memory: it gathers the pixels that a 1 x 1 window steps on in whole
  /// vectors of channels, also where the last vector is not full.
  var overrunsScratch: Bool { size == 1 && stride > 1 && !(inputs.isMultiple(of: 16) && outputs.isMultiple(of: 16)) }
}

extension ConvolutionEpilogue {
  fileprivate var views: [TensorView] { [scale, bias, residual].compactMap { $0 } }

  /// - Parameter offset: elements of y before the tile's first pixel.
  fileprivate func apply(
    to product: UnsafePointer<Float>, into to: UnsafeMutablePointer<Float>, bytes: Int, _ y: TensorView, offset: Int
  ) {
    func pointer(_ view: TensorView?) -> UnsafeMutablePointer<Float>? {
      view?.pointer.assumingMemoryBound(to: Float.self)
    }
    let channels = y.shape[3]
    cpu_picture_epilogue_float(
      product, to, Int64(bytes / MemoryLayout<Float>.stride / channels), Int64(channels), pointer(scale), pointer(bias),
      pointer(residual).map { $0 + offset }, activation == .relu)
  }
}
