import Foundation

// Compute names its symbolic functions `tanh` and `exp` as well; these are the host's.

func hyperbolicTangent(_ x: Double) -> Double { Foundation.tanh(x) }
func exponential(_ x: Double) -> Double { Foundation.exp(x) }
