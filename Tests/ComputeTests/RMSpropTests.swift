import Compute
import TestSupport
import Testing

struct RMSpropTests {
  @Test(arguments: Devices.underTest, Sizes.awkward + [4099])
  func threeStepsAgreeWithAScalarLoop(device: TestDevice, count: Int) throws {
    var random = RandomSource(seed: 71)
    let (learningRate, decay, epsilon) = (0.01, 0.99, 1e-8)
    var parameter = random.signed(count)
    var meanSquare = random.signed(count).map { abs($0) }
    let p = device.output([count], initially: HostTensor([count], parameter))
    let v = device.output([count], initially: HostTensor([count], meanSquare))
    for _ in 0..<3 {
      let g = random.signed(count)
      for i in 0..<count {
        meanSquare[i] = decay * meanSquare[i] + (1 - decay) * g[i] * g[i]
        parameter[i] -= learningRate * g[i] / (meanSquare[i].squareRoot() + epsilon)
      }
      device.device.rmsprop(
        parameter: p.view, gradient: device.input(HostTensor([count], g)), meanSquare: v.view,
        learningRate: learningRate, decay: decay, epsilon: epsilon)
    }
    // A handful of roundings per step. 1 - decay must be taken in Double: in float32 it is off by 50 eps.
    let tolerance = 16 * device.elementType.epsilon
    expectNone(mismatch(try v.values(), meanSquare, relative: tolerance))
    expectNone(mismatch(try p.values(), parameter, relative: tolerance, absolute: tolerance))
  }

  @Test(arguments: Devices.underTest)
  func noGradientNoChange(device: TestDevice) throws {
    let p = device.output([3], initially: HostTensor([3], [1, -2, 3]))
    let v = device.output([3], initially: HostTensor([3], [0, 0, 1]))
    device.device.rmsprop(
      parameter: p.view, gradient: device.input(HostTensor([3], [0, 0, 0])), meanSquare: v.view, learningRate: 0.1,
      decay: 0.5, epsilon: 1e-8)
    #expect(try p.values() == [1, -2, 3])
    #expect(try v.values() == [0, 0, 0.5])
  }
}
