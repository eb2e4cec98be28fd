import { sha256 } from '@noble/hashes/sha2.js'
import { limits } from '@duckmesh/proto'
import { expect } from 'chai'
import { gossipMessageId, gossipOptions } from '../../src/mesh/gossip-options.ts'
import { hostLimits } from '../../src/mesh/host-limits.ts'

const NET = '31337-5fbdb231'

describe('gossip options', () => {
  const options = gossipOptions({ network: NET, shards: [3, 7], loopback: false })

  it('names a message by topic and data', async () => {
    const message = { type: 'unsigned' as const, topic: '/t', data: new Uint8Array([1, 2]) }
    const expected = sha256(Uint8Array.from([0x2f, 0x74, 1, 2])).subarray(0, 20)
    expect(await gossipMessageId(message)).to.deep.equal(expected)
    expect(await gossipMessageId({ ...message, topic: '/u' })).to.not.deep.equal(expected)
  })

  it('allows the topics of its shards and no others, each with a score', () => {
    const topics = [
      `/duckmesh/${NET}/jobs/3`,
      `/duckmesh/${NET}/offers/3`,
      `/duckmesh/${NET}/ctl/3`,
      `/duckmesh/${NET}/jobs/7`,
      `/duckmesh/${NET}/offers/7`,
      `/duckmesh/${NET}/ctl/7`,
      `/duckmesh/${NET}/evidence`,
    ]
    expect(options.allowedTopics).to.deep.equal(topics)
    expect(Object.keys(options.scoreParams?.topics ?? {})).to.deep.equal(topics)
  })

  it('takes the largest RPC of job headers, and publishing one that gossip brought before is no error', () => {
    const messages = options.decodeRpcLimits?.maxMessages ?? 0
    expect(options.maxInboundDataLength).to.be.at.least(messages * limits.MAX_JOB_HEADER_BYTES)
    expect(options.ignoreDuplicatePublishError).to.equal(true)
  })

  it('keeps message ids longer than any envelope lives', () => {
    expect(options.seenTTL).to.equal(120_000)
  })

  it('never punishes quiet topics, and punishes colocation only off loopback', () => {
    for (const score of Object.values(options.scoreParams?.topics ?? {})) {
      expect([score.meshMessageDeliveriesWeight, score.meshFailurePenaltyWeight]).to.deep.equal([
        0, 0,
      ])
      expect(score.invalidMessageDeliveriesWeight).to.equal(-100)
    }
    expect(options.scoreParams?.IPColocationFactorWeight).to.equal(-10)
    const local = gossipOptions({ network: NET, shards: [3], loopback: true })
    expect(local.scoreParams?.IPColocationFactorWeight).to.equal(0)
  })

  it('trusts the named seeds and nobody else enough to take their peers', () => {
    const { scoreParams, scoreThresholds } = gossipOptions({
      network: NET,
      shards: [3],
      loopback: false,
      trustedPeers: ['seed'],
    })
    const score = (peer: string) => scoreParams?.appSpecificScore?.(peer) ?? 0
    const threshold = scoreThresholds?.acceptPXThreshold ?? 0
    expect(score('seed')).to.be.greaterThan(threshold)
    expect(score('other')).to.equal(0)
  })
})

describe('host limits', () => {
  it('keep what a full window brings below the length at which libp2p resets a paused stream', () => {
    for (const role of ['peer', 'client', 'seed'] as const) {
      const { streamOptions } = hostLimits(role).yamux
      expect(streamOptions.maxStreamWindowSize * 2).to.be.at.most(streamOptions.maxReadBufferLength)
    }
  })

  it('are a fresh copy each time', () => {
    hostLimits('peer').connectionManager.maxConnections = 0
    expect(hostLimits('peer').connectionManager.maxConnections).to.equal(150)
  })
})
