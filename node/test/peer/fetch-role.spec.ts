/** Tests: FetchRole, in a whole peer. */
import { join } from 'node:path'
import { expect } from 'chai'
import type { PullEvent } from '@duckmesh/protocols/fetch'
import { FETCH_PROTOCOL } from '@duckmesh/protocols/mesh'
import { silentLogger } from '@duckmesh/sdk'
import { peerIdFromString } from '@libp2p/peer-id'
import { pullFromNetwork } from '../../src/fetch/index.ts'
import { ModelStore, selfTestModel } from '../../src/models/index.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import { withTempDir } from '../temp-dir.ts'
import { startLocalNetwork } from './local-network.ts'
import type { LocalNetwork } from './local-network.ts'

describe('FetchRole', function () {
  this.timeout(120_000)
  let net: LocalNetwork
  before(async () => {
    net = await startLocalNetwork()
  })
  after(() => net.stop())

  it('shares the model that its engine serves: a stranger pulls it, and it computes the same', async () => {
    await withTempDir(async (folder) => {
      const peer = await createPeer(await net.config(join(folder, 'peer')))
      try {
        const [model] = (await peer.status()).models
        const { cid, modelId } = model ?? expect.fail('no model')
        const store = await ModelStore.at(join(folder, 'store'))
        const events: PullEvent[] = []
        const onEvent = (event: PullEvent): void => void events.push(event)
        const { network } = net
        const taken = { network, modelId, logger: silentLogger, onEvent, sink: store }
        expect((await pullFromNetwork(taken)).manifest.name).to.equal('duckling')
        expect((await store.list()).map((one) => one.cid)).to.deep.equal([cid])
        expect(events.at(-1)).to.include({ type: 'progress', holders: 1 })
        await selfTestModel(store, modelId)
      } finally {
        await peer.stop()
      }
    })
  })

  it('shares nothing when the configuration says so', async () => {
    await withTempDir(async (folder) => {
      const config = await net.config(join(folder, 'peer'), { 'models.share': 'false' })
      const peer = await createPeer(config)
      try {
        const { peerId } = await peer.status()
        const opened = net.seedHost.dialProtocol(peerIdFromString(peerId), FETCH_PROTOCOL)
        const outcome = await opened.catch((error: unknown) => (error as Error).name)
        expect(outcome).to.equal('UnsupportedProtocolError')
      } finally {
        await peer.stop()
      }
    })
  })
})
