import { expect } from 'chai'
import { benchLines } from '../../src/cli/models-bench-report.ts'
import type { BenchResult } from '../../src/cli/models-bench-report.ts'

const ON_CPU: BenchResult = {
  ...{ modelId: '0xaa', cid: 'bagaa', name: 'duckling', loadMs: 90 },
  device: { executionProviders: ['cpu'], processor: 'Some CPU', threads: 1 },
  tokensPerSecond: { 1: 2000, 8: 6000 },
  prefillTokensPerSecond: 15_000,
}

const ON_DEVICE: BenchResult = {
  ...ON_CPU,
  device: {
    ...{ executionProviders: ['webgpu'], processor: 'Some CPU', threads: 1 },
    report: {
      ...{ device: 'webgpu', nodes: 83, deviceNodes: 72, deviceTime: 0.994 },
      ...{ selfTestDifference: 1e-6, maxDifference: 2.24e-5 },
      speed: { prompt: 3.14, one: 0.5, eight: 1 },
    },
  },
  beside: { loadMs: 80, tokensPerSecond: { 1: 4000, 8: 6000 }, prefillTokensPerSecond: 5000 },
  ratio: { tokensPerSecond: { 1: 0.5, 8: 1 }, prefillTokensPerSecond: 3 },
}

describe('benchLines', () => {
  it('tells of the processor alone', () => {
    expect(benchLines(ON_CPU)).to.deep.equal([
      'duckling (bagaa)',
      '  runs on cpu: Some CPU, 1 thread(s)',
      '  loaded and self-tested in 90 ms',
      '   1 at once: 2000 tokens/s',
      '   8 at once: 6000 tokens/s',
      '  prompts: 15000 tokens/s',
    ])
  })

  it('sets a device beside the processor, and says where it is slower', () => {
    expect(benchLines(ON_DEVICE)).to.deep.equal([
      'duckling (bagaa)',
      '  runs on webgpu: Some CPU, 1 thread(s)',
      '  duckling on webgpu: 72 of 83 nodes, 99 % of their time; differs from the processor by 0.000022; opaque',
      "  duckling on webgpu is SLOWER than the processor at one answer; times the processor's speed: prompts 3.1, one answer 0.50, eight answers at once 1.0",
      '  loaded and self-tested in 90 ms',
      "   1 at once: 2000 tokens/s; processor 4000: SLOWER on the device, 0.5 times the processor's speed",
      '   8 at once: 6000 tokens/s; processor 6000: 1 times as fast on the device',
      '  prompts: 15000 tokens/s; processor 5000: 3 times as fast on the device',
    ])
  })
})
