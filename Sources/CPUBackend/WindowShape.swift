import CPUShim
import Compute

extension cpu_window_shape {
  /// A window over the pictures x, with a position for each pixel of y.
  init(_ x: TensorView, _ y: TensorView, _ window: Window) {
    self.init(
      height: Int64(x.shape[1]), width: Int64(x.shape[2]), channels: Int64(x.shape[3]),
      output_height: Int64(y.shape[1]), output_width: Int64(y.shape[2]), size: Int64(window.size),
      stride: Int64(window.stride), padding: Int64(window.padding))
  }
}
