import Compute
import TestSupport
import Testing

struct AdamTests {
  /// Plain Adam with and without momentum, and AdamW.
  @Test(arguments: Devices.underTest, [(0.0, 0.0), (0.9, 0.0), (0.9, 0.02)])
  func fiveStepsAgreeWithAScalarLoop(device: TestDevice, _ case: (beta1: Double, decay: Double)) throws {
    let (beta1, decay) = `case`
    var random = RandomSource(seed: 72)
    let count = 1031
    let (learningRate, beta2, epsilon) = (0.01, 0.9, 1e-3)
    var parameter = random.signed(count)
    var (first, second) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    let p = device.output([count], initially: HostTensor([count], parameter))
    let m = device.output([count], initially: HostTensor([count], first))
    let v = device.output([count], initially: HostTensor([count], second))
    var (power1, power2) = (1.0, 1.0)
    for step in 1...5 {
      let g = random.signed(count)
      power1 *= beta1
      power2 *= beta2
      for i in 0..<count {
        first[i] = beta1 * first[i] + (1 - beta1) * g[i]
        second[i] = beta2 * second[i] + (1 - beta2) * g[i] * g[i]
        parameter[i] *= 1 - decay
        parameter[i] -=
          learningRate * (first[i] / (1 - power1)) / ((second[i] / (1 - power2)).squareRoot() + epsilon)
      }
      device.device.adam(
        parameter: p.view, gradient: device.input(HostTensor([count], g)), firstMoment: beta1 == 0 ? nil : m.view,
        secondMoment: v.view, learningRate: learningRate, betas: (beta1, beta2), epsilon: epsilon,
        decay: decay, step: step)
    }
    let tolerance = 32 * device.elementType.epsilon
    expectNone(mismatch(try v.values(), second, relative: tolerance))
    expectNone(mismatch(try p.values(), parameter, relative: tolerance, absolute: tolerance))
  }
}
