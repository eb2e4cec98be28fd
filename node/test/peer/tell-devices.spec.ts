import { expect } from 'chai'
import type { DeviceReport } from '../../src/engine/index.ts'
import { tellDevices } from '../../src/peer/tell-devices.ts'
import { NotedLogs } from '../noted-logs.ts'

function report(speed: DeviceReport['speed']): DeviceReport {
  const nodes = { nodes: 9, deviceNodes: 8, deviceTime: 0.9 }
  return { device: 'webgpu', ...nodes, selfTestDifference: 0, maxDifference: 1e-5, speed }
}

describe('tellDevices', () => {
  it('warns of a device that is slower at anything, and tells of one that is not', () => {
    const logs = new NotedLogs()
    const fast = report({ prompt: 4, one: 1, eight: 3 })
    const mixed = report({ prompt: 4, one: 0.5, eight: 3 })
    tellDevices([{ cid: 'a' }, { cid: 'b', device: fast }, { cid: 'c', device: mixed }], logs)
    expect(logs.lines).to.deep.equal([
      { level: 'info', event: 'model.device', fields: { cid: 'b', ...fast } },
      { level: 'warn', event: 'model.slower_than_cpu', fields: { cid: 'c', ...mixed } },
    ])
  })
})
