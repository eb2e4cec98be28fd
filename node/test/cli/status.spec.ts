import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { main } from '../../src/cli/main.ts'
import { writeNetworkFile } from '../../src/cli/network-file.ts'
import { withTempDir } from '../temp-dir.ts'
import { captured } from './captured.ts'

const run = (...argv: string[]) => captured(() => main(argv))

const STATUS = {
  peerId: '12D3Koo',
  addresses: [],
  connectedPeers: 4,
  provider: '0xaa',
  operator: '0xbb',
  models: [{ name: 'duckling' }, { name: 'swan' }],
  inFlight: 1,
  slots: 8,
  unredeemed: `${25n * 10n ** 16n}`,
  gateway: 'http://127.0.0.1:3828',
  seats: { epoch: 3, turn: 4, ranks: [{ shard: 10, rank: 0 }] },
  market: {
    heard: 9,
    bids: 5,
    passes: { ENGINE_BUSY: 3, UNFUNDED: 1 },
    won: 2,
    lost: { PRICE: 3 },
    refusals: { CHOICE_WRONG: 1 },
    matches: 6,
  },
}

describe('duckmesh status', () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  /** A gateway that tells this; resolves to its address. */
  async function gatewayTelling(body: unknown): Promise<string> {
    const server = createServer((_, response) => response.end(JSON.stringify(body)))
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** An address where nobody listens any more. */
  async function deadGateway(): Promise<string> {
    const url = await gatewayTelling({})
    const server = servers.pop()
    await new Promise((resolve) => server?.close(resolve))
    return url
  }

  /** Runs it in a folder with a network that has these gateways. */
  async function withNetwork(gateways: string[], work: () => Promise<void>): Promise<void> {
    const cwd = process.cwd()
    await withTempDir(async (folder) => {
      const networks = join(folder, '.duckmesh', 'devnet-1-x')
      await mkdir(networks, { recursive: true })
      const address = `0x${'00'.repeat(20)}` as const
      const addresses = { registry: address, market: address, token: address }
      const network = {
        chainId: 1,
        rpcUrl: 'http://127.0.0.1:1',
        seeds: [],
        local: true,
        ...addresses,
      }
      const account = { privateKey: '0x01', dataDir: folder } as const
      await writeNetworkFile(networks, { network, account, gateways, pid: process.pid })
      process.chdir(folder)
      try {
        await work()
      } finally {
        process.chdir(cwd)
      }
    })
  }

  it('tells what a peer serves, its seats, its jobs and its money', async () => {
    const { err, exitCode, out } = await run('status', '--gateway', await gatewayTelling(STATUS))
    expect({ err, exitCode }).to.deep.equal({ err: '', exitCode: undefined })
    expect(out.trimEnd().split('\n')).to.deep.equal([
      'Provider 0xaa  peer 12D3Koo',
      '  serves duckling, swan; 1 of 8 slots taken; 4 peers connected',
      '  gateway http://127.0.0.1:3828',
      '  epoch 3, turn 4: shard 10 rank 0',
      '  heard 9 jobs, bid on 5, won 2, passed 4; matched 6 as a seat',
      '  holds 0.25 DUCK not redeemed yet',
    ])
  })

  it('tells which model does not run on the processor, and that it is slower there', async () => {
    const nodes = { nodes: 83, deviceNodes: 72, deviceTime: 1 }
    const numbers = { selfTestDifference: 0, maxDifference: 1e-5, speed: { one: 0.25 } }
    const device = { device: 'webgpu', ...nodes, ...numbers }
    const models = [{ name: 'duckling', device }, { name: 'swan' }]
    const { out } = await run('status', '--gateway', await gatewayTelling({ ...STATUS, models }))
    expect(out.match(/^ {2}duckling on .*$/gm)).to.deep.equal([
      '  duckling on webgpu: 72 of 83 nodes, 100 % of their time; differs from the processor by 0.000010; opaque',
      "  duckling on webgpu is SLOWER than the processor at one answer; times the processor's speed: one answer 0.25",
    ])
    expect(out).to.not.contain('swan on')
  })

  it('tells how fast the engine draws, how many answers at a time, and what waits', async () => {
    const engine = {
      openGenerations: 3,
      maxOpen: 64,
      generationsOpened: 9,
      tokensIn: 120,
      tokensOut: 500,
      crashes: 0,
      queued: 2,
      decodeRuns: 100,
      decodedTokens: 440,
      decodeMs: 550,
      prefixHitTokens: 96,
    }
    const told = await gatewayTelling({ ...STATUS, engine })
    const { out } = await run('status', '--gateway', told)
    expect(out.split('\n').slice(2, 4)).to.deep.equal([
      '  engine drew 500 tokens, 800 a second while drawing, 4.4 answers at a time',
      '  engine read 120 tokens of prompts, 96 of them from its cache; 3 of 64 answers open, 2 waiting',
    ])
    expect(JSON.parse((await run('--json', 'status', '--gateway', told)).out)).to.have.property(
      'engine',
    )
    const idle = { ...engine, crashes: 1, decodeMs: 0, decodeRuns: 0, decodedTokens: 0 }
    const none = await gatewayTelling({ ...STATUS, engine: { ...idle, tokensOut: 0 } })
    const [, , drew, read] = (await run('status', '--gateway', none)).out.split('\n')
    expect(drew, 'nothing is divided by nothing').to.equal('  engine drew 0 tokens')
    expect(read).to.match(/2 waiting; it crashed 1 time\(s\)$/)
  })

  it('counts with --why what was passed, lost and refused', async () => {
    const url = await gatewayTelling(STATUS)
    const { out } = await run('status', '--why', '--gateway', url)
    expect(out.trimEnd().split('\n').slice(6)).to.deep.equal([
      '    passed ENGINE_BUSY: 3',
      '    passed UNFUNDED: 1',
      '    lost PRICE: 3',
      '    refused award CHOICE_WRONG: 1',
    ])
    const nothing = { ...STATUS.market, passes: {}, lost: {}, refusals: {} }
    const idle = await gatewayTelling({ ...STATUS, market: nothing })
    expect((await run('status', '--why', '--gateway', idle)).out).to.contain(
      'nothing was refused or lost',
    )
  })

  it('tells a provider that it is accused or was slashed, and with --why of the proofs it keeps', async () => {
    const common = { id: '0x1d', amount: `${10n ** 21n}`, by: '0xb0b', block: 7 }
    const url = await gatewayTelling({
      ...STATUS,
      evidence: { open: 1, submitted: 2, punished: 3, void: 0 },
      accusations: [
        { ...common, kind: 'slash', reason: '' },
        { ...common, kind: 'dispute', reason: 'wrong\u001b[2J' },
      ],
    })
    const { out } = await run('status', '--gateway', url)
    expect(out.trimEnd().split('\n').slice(6)).to.deep.equal([
      '  SLASHED 1000 DUCK in block 7 for fault 0x1d, reported by 0xb0b',
      '  ACCUSED of a wrong result in block 7, 1000 DUCK held: dispute 0x1d by 0xb0b: wrong[2J',
    ])
    expect((await run('status', '--why', '--gateway', url)).out).to.contain(
      'proofs against others: 1 open, 2 submitted, 3 punished by others',
    )
  })

  it('prints what the gateway told with --json: one object for one gateway', async () => {
    const url = await gatewayTelling(STATUS)
    const { out } = await run('--json', 'status', '--gateway', url)
    expect(JSON.parse(out)).to.deep.equal(STATUS)
  })

  it('asks every gateway of the network that runs here, and tells which one is dead', async () => {
    const [alive, dead] = [await gatewayTelling(STATUS), await deadGateway()]
    await withNetwork([alive, dead], async () => {
      const { exitCode, out } = await run('status')
      expect(exitCode).to.equal(undefined)
      expect(out).to.match(/^Provider 0xaa/)
      expect(out).to.contain(`${dead}  does not answer: connect ECONNREFUSED`)
      const json = JSON.parse((await run('status', '--json')).out) as object[]
      expect(json[0]).to.deep.equal(STATUS)
      expect(json[1]).to.have.property('gateway', dead)
      expect(json[1]).to.have.nested.property('error.code', 'NO_PEERS')
    })
  })

  it('exits with 69 when none answers, and says why', async () => {
    const dead = await deadGateway()
    const { err, exitCode, out } = await run('status', '--gateway', dead)
    expect(err).to.match(/^NO_PEERS: No gateway answered at .*ECONNREFUSED/)
    expect(err).to.contain(dead)
    expect({ exitCode, out }).to.deep.equal({ exitCode: 69, out: '' })
    await withNetwork([], async () => {
      expect((await run('status')).exitCode).to.equal(69)
    })
  })

  it('does not take another program for a gateway', async () => {
    const other = await gatewayTelling({ hello: 'world' })
    const { err, exitCode } = await run('status', '--gateway', other)
    expect(err).to.contain('no gateway of DuckMesh')
    expect(exitCode).to.equal(69)
    const text = createServer((_, response) => response.end('<html>'))
    servers.push(text)
    await new Promise<void>((resolve) => text.listen(0, '127.0.0.1', resolve))
    const { port } = text.address() as AddressInfo
    expect((await run('status', '--gateway', `http://127.0.0.1:${port}`)).exitCode).to.equal(69)
  })

  for (const url of ['127.0.0.1:3828', 'gateway', 'ftp://127.0.0.1', '']) {
    it(`refuses "${url}" as an address`, async () => {
      const { err, exitCode } = await run('status', '--gateway', url)
      expect(err).to.match(/^CONFIG_INVALID: .*http:\/\/127\.0\.0\.1:3828/)
      expect(exitCode).to.equal(78)
    })
  }
})
