/// What samples are for. The splits share no sample.
public enum SampleSplit: UInt64, Sendable, CaseIterable { case train, validation, test }
