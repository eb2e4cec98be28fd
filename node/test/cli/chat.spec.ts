import { join } from 'node:path'
import { expect } from 'chai'
import { chat } from '../../src/cli/chat.ts'
import { main } from '../../src/cli/main.ts'
import { writeNetworkFile } from '../../src/cli/network-file.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { RunningPeer, SegmentNotice } from '../../src/peer/interface.ts'
import { DUCK } from '../chain/local-chain.ts'
import { PAYER_KEY, startLocalNetwork } from '../peer/local-network.ts'
import type { LocalNetwork } from '../peer/local-network.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { captured } from './captured.ts'

describe('duckmesh chat', function () {
  this.timeout(60_000)
  let net: LocalNetwork
  before(async () => {
    net = await startLocalNetwork()
    await net.chain.fund(net.payer, DUCK)
  })
  after(() => net.stop())

  /** A running provider, and the network file of a client beside it. */
  async function withProvider(
    use: (file: string) => Promise<void>,
    onSegment: (notice: SegmentNotice) => void = () => undefined,
  ): Promise<void> {
    await withTempDir(async (folder) => {
      const peer: RunningPeer = await createPeer(await net.config(join(folder, 'peer')), {
        onSegment,
      })
      try {
        const account = { privateKey: PAYER_KEY, dataDir: join(folder, 'chat') } as const
        await use(
          await writeNetworkFile(folder, { network: net.network, account, gateways: [], pid: 1 }),
        )
      } finally {
        await peer.stop()
      }
    })
  }

  it('streams the answer to stdout and tells on stderr what it cost', async () => {
    await withProvider(async (file) => {
      const { err, exitCode, out } = await captured(() => main(['chat', 'Hi', '--network', file]))
      expect(exitCode).to.equal(undefined)
      expect(out.trim()).to.not.equal('')
      const owner = net.chain.provider.signer.address
      expect(err).to.match(/^[0-9]+ tokens in [0-9.]+ s, paid 0\.[0-9]+ DUCK to 0x/)
      expect(err).to.contain(owner)
    })
  })

  it('prints one JSON object with --json, by the file of the environment', async () => {
    await withProvider(async (file) => {
      process.env['DUCKMESH_NETWORK_FILE'] = file
      try {
        const argv = ['--json', 'chat', 'Hi', '--max-tokens', '4', '--temperature', '0.5']
        const { err, out } = await captured(() => main(argv))
        expect(err).to.equal('')
        const result = JSON.parse(out) as Record<string, unknown>
        expect(result).to.include({ prompt: 'Hi', provider: net.chain.provider.signer.address })
        expect(result['paid']).to.match(/^[0-9]+$/)
      } finally {
        delete process.env['DUCKMESH_NETWORK_FILE']
      }
    })
  })

  it('exits with 64 for a model that nobody offers', async () => {
    await withProvider(async (file) => {
      const argv = ['chat', 'Hi', '--network', file, '--model', 'swan']
      const { err, exitCode } = await captured(() => main(argv))
      expect(exitCode).to.equal(64)
      expect(err).to.match(/^MODEL_NOT_FOUND: Nobody offers "swan"; offered: duckling\./)
    })
  })

  it('cancels the job at Ctrl-C, leaves the mesh and listens no more', async () => {
    const listeners = process.listeners('SIGINT')
    const states: string[] = []
    const onSegment = ({ state }: SegmentNotice): void => {
      states.push(state)
      // What a terminal's Ctrl-C does, as soon as the provider has taken the job.
      if (state === 'accepted') process.emit('SIGINT')
    }
    await withProvider(async (file) => {
      const options = { network: file, model: 'duckling', direct: false, json: true }
      const error = await rejection(chat('Tell me a long story', options))
      expect(error.code).to.equal('CANCELLED')
      expect(error.details['paid']).to.be.a('bigint')
    }, onSegment)
    expect(process.listeners('SIGINT')).to.deep.equal(listeners)
    expect(states).to.include.members(['accepted'])
    expect(['cancelled', 'finalized', 'failed']).to.include(states.at(-1))
  })
})
