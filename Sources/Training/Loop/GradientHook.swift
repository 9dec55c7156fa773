import Compute

/// What happens to the gradients between the backward pass and the optimiser.
///
/// All gradients of a model lie in one flat buffer, so data-parallel training is one all-reduce here.
public protocol GradientHook: Sendable {
  /// Changes the flat gradient in place.
  ///
  /// - Parameter gradient: `[parameters]`, contiguous.
  func combine(_ gradient: TensorView, on device: any Device) throws
}
